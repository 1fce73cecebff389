"""Orders: a state machine. Each order says which transitions are available; others answer 400."""

from shop import database
from shop.catalogue import find, live_rows, page
from shop.clock import utc_text
from shop.projections import ADMIN, project
from shop.web import Answer, ApiError

TRANSITIONS = {
    "pending": {"pay": "paid", "cancel": "cancelled"},
    "paid": {"ship": "shipped", "refund": "refunded"},
    "shipped": {"deliver": "delivered"},
    "delivered": {"refund": "refunded"},
    "cancelled": {},
    "refunded": {},
}
CUSTOMER_ACTIONS = {"pay", "cancel"}
ACTIONS = sorted({action for allowed in TRANSITIONS.values() for action in allowed})
MOST_LINES = 100


def list_orders(request):
    source, arguments = live_rows(request, "orders"), ()
    if request.user["role"] != ADMIN:
        source, arguments = source + " AND userId = ?", (request.user["id"],)
    total, rows = page(request, "order", source, arguments)
    return Answer(200, {"total": total, "results": [_shown(request, row) for row in rows]})


def show_order(request):
    return Answer(200, _shown(request, _own(request)))


def create_order(request):
    lines = _lines(request.json())
    now, user = utc_text(), request.user["id"]
    with database.transaction(request.database) as connection:
        number = connection.execute(
            "INSERT INTO orders (userId, createdAt, updatedAt, updatedBy) VALUES (?, ?, ?, ?)",
            (user, now, now, user)).lastrowid
        for position, (product, quantity) in enumerate(lines, 1):
            _add_line(connection, (number, position), product, quantity)
        database.audit(connection, user, "order.create", f"order/{number}", lines=len(lines))
    return Answer(201, _shown(request, find(request, "orders", number)))


def move_order(request):
    """The transition is judged before the right to make it, inside the write lock."""
    action = request.words["action"]
    with database.transaction(request.database) as connection:
        order = _own(request)
        allowed = TRANSITIONS[order["state"]]
        if action not in allowed:
            raise ApiError(400, "INVALID_TRANSITION",
                           f"an order that is {order['state']} cannot {action}",
                           allowed=sorted(allowed))
        if action not in CUSTOMER_ACTIONS and request.user["role"] != ADMIN:
            raise ApiError(403, "FORBIDDEN", f"{action} needs the role admin")
        connection.execute(
            "UPDATE orders SET state = ?, updatedAt = ?, updatedBy = ? WHERE id = ?",
            (allowed[action], utc_text(), request.user["id"], order["id"]))
        if allowed[action] == "cancelled":
            _return_stock(connection, order["id"])
    return show_order(request)


def _own(request):
    order = find(request, "orders", request.numbers[0])
    if order["userId"] != request.user["id"] and request.user["role"] != ADMIN:
        raise ApiError(404, "NOT_FOUND", f"orders has no record {order['id']}")
    return order


def _lines(content):
    items = content.get("items")
    if not isinstance(items, list) or not 1 <= len(items) <= MOST_LINES:
        raise ApiError(400, "INVALID_FIELDS", f"items is a list of 1 to {MOST_LINES}",
                       fields=["items"])
    return [_line(item) for item in items]


def _line(item):
    item = item if isinstance(item, dict) else {}
    values = [item.get(name) for name in ("productId", "quantity")]
    if any(type(value) is not int or not 0 < value < 10**6 for value in values):
        raise ApiError(400, "INVALID_FIELDS", "an item has a productId and a quantity above 0",
                       fields=["items"])
    return values


def _add_line(connection, place, product_id, quantity):
    product = connection.execute(
        "SELECT priceCents, stock FROM products WHERE id = ? AND deletedAt IS NULL",
        (product_id,)).fetchone()
    if product is None:
        raise ApiError(400, "UNKNOWN_PRODUCT", f"there is no product {product_id}")
    if product["stock"] < quantity:
        raise ApiError(409, "OUT_OF_STOCK", f"product {product_id} has {product['stock']} left")
    connection.execute("UPDATE products SET stock = stock - ? WHERE id = ?", (quantity, product_id))
    connection.execute(
        "INSERT INTO order_items (orderId, line, productId, quantity, unitCents)"
        " VALUES (?, ?, ?, ?, ?)", (*place, product_id, quantity, product["priceCents"]))


def _return_stock(connection, order_id):
    for line in connection.execute(
            "SELECT productId, quantity FROM order_items WHERE orderId = ?", (order_id,)):
        connection.execute("UPDATE products SET stock = stock + ? WHERE id = ?",
                           (line["quantity"], line["productId"]))


def _shown(request, order):
    connection = request.database
    items = connection.execute(
        "SELECT line, productId, quantity, unitCents, lineCents FROM order_items"
        " WHERE orderId = ? ORDER BY line", (order["id"],))
    total = connection.execute(
        "SELECT totalCents FROM order_totals WHERE orderId = ?", (order["id"],)).fetchone()
    order["items"] = [dict(item) for item in items]
    order["totalCents"] = total["totalCents"]
    order["availableTransitions"] = sorted(TRANSITIONS[order["state"]])
    return project("order", request.user["role"], order)
