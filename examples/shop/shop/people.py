"""Users, logging in, and the audit log."""

import json

from shop import accounts, database
from shop.catalogue import find, live_rows, page
from shop.projections import ADMIN, project
from shop.web import Answer, ApiError


def log_in(request):
    content = request.json()
    email, password = content.get("email"), content.get("password")
    if not isinstance(email, str) or not isinstance(password, str):
        raise ApiError(400, "INVALID_FIELDS", "email and password are needed",
                       fields=["email", "password"])
    row = request.database.execute(
        "SELECT * FROM users WHERE emailKey = lower(?) AND deletedAt IS NULL", (email,)).fetchone()
    matches = accounts.password_matches(password, row["passwordHash"] if row else accounts.NOBODY)
    if row is None or not matches:
        raise ApiError(401, "INVALID_CREDENTIALS", "unknown address or wrong password")
    database.audit(request.database, row["id"], "user.login", f"user/{row['id']}")
    token = accounts.make_token(request.shop.token_key, row["id"], row["role"])
    return Answer(200, {"token": token, "user": project("user", row["role"], row)})


def show_me(request):
    return Answer(200, project("user", request.user["role"], request.user))


def list_users(request):
    source, arguments = live_rows(request, "users"), ()
    if request.user["role"] != ADMIN:
        source, arguments = source + " AND id = ?", (request.user["id"],)
    total, rows = page(request, "user", source, arguments)
    role = request.user["role"]
    return Answer(200, {"total": total, "results": [project("user", role, r) for r in rows]})


def show_user(request):
    number = request.numbers[0]
    if request.user["role"] != ADMIN and number != request.user["id"]:
        raise ApiError(404, "NOT_FOUND", f"users has no record {number}")
    return Answer(200, project("user", request.user["role"], find(request, "users", number)))


def list_audit(request):
    total, rows = page(request, "audit", "FROM audit_log", order="id DESC")
    for row in rows:
        row["detail"] = json.loads(row["detail"])
    return Answer(200, {"total": total, "results": rows})


def user_of(request):
    """The user a bearer token names; the role is the database's, whatever the token claims."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    number = accounts.read_token(request.shop.token_key, token) if scheme == "Bearer" else None
    row = number and request.database.execute(
        "SELECT * FROM users WHERE id = ? AND deletedAt IS NULL", (number,)).fetchone()
    if not row:
        raise ApiError(401, "UNAUTHENTICATED", "send a valid bearer token")
    return dict(row)
