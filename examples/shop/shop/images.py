"""Images: a row holds key, size and sha256; the bytes are a file under UPLOADS_DIR at that key."""

import hashlib
import os
import re
import tempfile

from shop import database
from shop.catalogue import find, live_rows, page, set_deleted
from shop.clock import utc_now, utc_text
from shop.projections import project
from shop.web import Answer, ApiError

_SUFFIXES = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}
_KEY = re.compile(r"[0-9]{4}/[0-9a-f]{2}/[0-9a-f]{62}\.[a-z]{3,4}")


def make_key(year, sha256, content_type):
    return f"{year}/{sha256[:2]}/{sha256[2:]}.{_SUFFIXES[content_type]}"


def store(uploads, key, content):
    """Puts the file in place durably. It is there before any row names it, so a backup that reads
    the database first finds every file that its rows promise."""
    target = uploads / key
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".upload-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(name, 0o644)
    os.replace(name, target)
    _sync_folder(target.parent)


def _sync_folder(path):
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def list_images(request):
    source, arguments = live_rows(request, "images"), ()
    if "productId" in request.query:
        source += " AND productId = ?"
        arguments = (request.number("productId", 0, 10**9),)
    total, rows = page(request, "image", source, arguments)
    return Answer(200, {"total": total, "results": [_shown(request, row) for row in rows]})


def show_image(request):
    return Answer(200, _shown(request, find(request, "images", request.numbers[0])))


def show_file(request):
    row = find(request, "images", request.numbers[0])
    content = _content(request.shop.uploads, row)
    return Answer(200, content, {"Content-Type": row["contentType"],
                                 "ETag": f'"{row["sha256"]}"'})


def upload_image(request):
    product = find(request, "products", request.number("productId", 0, 10**9))
    kind = request.headers.get("content-type", "")
    if kind not in _SUFFIXES:
        raise ApiError(400, "INVALID_CONTENT_TYPE", "not an image type that is taken",
                       allowed=sorted(_SUFFIXES))
    digest = hashlib.sha256(request.body).hexdigest()
    key = make_key(utc_now().year, digest, kind)
    store(request.shop.uploads, key, request.body)
    number = _insert(request, (product["id"], key, len(request.body), digest, kind, utc_text()))
    return Answer(201, _shown(request, find(request, "images", number)))


def delete_image(request):
    return set_deleted(request, "image", "images", utc_text())


def _insert(request, values):
    with database.transaction(request.database) as connection:
        number = connection.execute(
            "INSERT INTO images (productId, key, size, sha256, contentType, createdAt)"
            " VALUES (?, ?, ?, ?, ?, ?)", values).lastrowid
        database.audit(connection, request.user["id"], "image.create", f"image/{number}")
    return number


def _content(uploads, row):
    if not _KEY.fullmatch(row["key"]):
        raise ApiError(500, "INVALID_KEY", "the image's key is not one this shop makes")
    try:
        content = (uploads / row["key"]).read_bytes()
    except FileNotFoundError:
        raise ApiError(404, "BLOB_NOT_FOUND", "the image's row is there, its file is not") from None
    if len(content) != row["size"] or hashlib.sha256(content).hexdigest() != row["sha256"]:
        raise ApiError(500, "BLOB_DAMAGED", "the image's file is not what its row says")
    return content


def _shown(request, row):
    row["url"] = f"/api/v1/image/{row['id']}/file"
    return project("image", request.user["role"], row)
