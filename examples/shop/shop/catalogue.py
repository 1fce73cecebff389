"""Products: listed for everybody, changed by admins, deleted softly."""

from shop import database
from shop.clock import utc_text
from shop.projections import ADMIN, project
from shop.web import LARGEST_PAGE, Answer, ApiError

_KINDS = {"sku": str, "name": str, "description": str, "priceCents": int, "costCents": int,
          "supplier": str, "stock": int, "weightKg": float}
_REQUIRED = ("sku", "name", "priceCents", "costCents")


def page(request, resource, source, arguments=(), order="id"):
    """A page of records of `source` (a FROM clause with its conditions) and the total count."""
    limit = request.number("limit", 50, LARGEST_PAGE)
    offset = request.number("offset", 0, 10**9)
    total = request.database.execute(f"SELECT count(*) {source}", arguments).fetchone()[0]
    rows = request.database.execute(
        f"SELECT * {source} ORDER BY {order} LIMIT ? OFFSET ?", (*arguments, limit, offset))
    return total, [dict(row) for row in rows]


def find(request, table, number):
    """The row, or 404; a softly deleted row is there for admins only."""
    row = request.database.execute(f"SELECT * FROM {table} WHERE id = ?", (number,)).fetchone()
    if row is None or (row["deletedAt"] and request.user["role"] != ADMIN):
        raise ApiError(404, "NOT_FOUND", f"{table} has no record {number}")
    return dict(row)


def live_rows(request, table):
    show_all = request.user["role"] == ADMIN and request.query.get("deleted") == "1"
    return f"FROM {table} WHERE " + ("1" if show_all else "deletedAt IS NULL")


def list_products(request):
    total, rows = page(request, "product", live_rows(request, "products"))
    role = request.user["role"]
    return Answer(200, {"total": total, "results": [project("product", role, r) for r in rows]})


def show_product(request):
    row = find(request, "products", request.numbers[0])
    return Answer(200, project("product", request.user["role"], row))


def create_product(request):
    values = _checked(request.json())
    missing = [name for name in _REQUIRED if name not in values]
    if missing:
        raise ApiError(400, "INVALID_FIELDS", "missing fields", fields=missing)
    values["createdAt"] = values["updatedAt"] = utc_text()
    columns = ", ".join(values)
    marks = ", ".join("?" * len(values))
    with database.transaction(request.database) as connection:
        number = connection.execute(f"INSERT INTO products ({columns}) VALUES ({marks})",
                                    tuple(values.values())).lastrowid
        database.audit(connection, request.user["id"], "product.create", f"product/{number}")
    row = find(request, "products", number)
    return Answer(201, project("product", request.user["role"], row))


def change_product(request):
    number = request.numbers[0]
    find(request, "products", number)
    values = _checked(request.json())
    if not values:
        raise ApiError(400, "INVALID_FIELDS", "nothing to change", fields=[])
    changed = sorted(values)
    values["updatedAt"] = utc_text()
    assignments = ", ".join(f"{name} = ?" for name in values)
    with database.transaction(request.database) as connection:
        connection.execute(f"UPDATE products SET {assignments} WHERE id = ?",
                           (*values.values(), number))
        database.audit(connection, request.user["id"], "product.change", f"product/{number}",
                       fields=changed)
    return show_product(request)


def delete_product(request):
    return set_deleted(request, "product", "products", utc_text())


def restore_product(request):
    return set_deleted(request, "product", "products", None)


def set_deleted(request, resource, table, moment):
    """Soft delete and its undoing: the row stays, and so does whatever points at it."""
    number = request.numbers[0]
    find(request, table, number)
    action = f"{resource}.{'delete' if moment else 'restore'}"
    with database.transaction(request.database) as connection:
        connection.execute(f"UPDATE {table} SET deletedAt = ? WHERE id = ?", (moment, number))
        database.audit(connection, request.user["id"], action, f"{resource}/{number}")
    return Answer(200, {"id": number, "deletedAt": moment})


def _checked(content):
    wrong = [name for name, value in content.items()
             if name not in _KINDS or not _is(value, _KINDS[name])]
    if wrong:
        raise ApiError(400, "INVALID_FIELDS", "unknown fields or wrong types", fields=sorted(wrong))
    return dict(content)


def _is(value, kind):
    if isinstance(value, bool):
        return False
    return isinstance(value, (int, float) if kind is float else kind)
