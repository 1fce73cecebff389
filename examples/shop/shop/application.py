"""The table of routes, and the way from a request to its answer. Thread-safe: it holds no state."""

import re
import sqlite3
import time
from contextlib import closing

from shop import catalogue, database, images, log, migrations, orders, people, projections
from shop.web import Answer, ApiError

ANYBODY = None
ADMIN = (projections.ADMIN,)
CUSTOMER = (projections.ADMIN, projections.CUSTOMER)


def health(_):
    return Answer(200, {"status": "ok"})


def ready(request):
    """Ready: the database answers, every migration is applied, the uploads folder is there."""
    behind = [name for name, state in migrations.status(request.database).items()
              if state == "pending"]
    reasons = [f"pending migration {name}" for name in behind]
    if not request.shop.uploads.is_dir():
        reasons.append("the uploads folder is missing")
    if reasons:
        return Answer(503, {"status": "unready", "reasons": reasons})
    return Answer(200, {"status": "ready"})


def describe(_):
    roles = (projections.ADMIN, projections.CUSTOMER)
    shown = {name: {role: projections.fields(name, role) for role in roles}
             for name in projections.resources(projections.ADMIN)}
    return Answer(200, {"resources": shown, "transitions": orders.TRANSITIONS})


ROUTES = [
    ("GET", "/health", ANYBODY, health),
    ("GET", "/ready", ANYBODY, ready),
    ("GET", "/_describe", ANYBODY, describe),
    ("POST", "/login", ANYBODY, people.log_in),
    ("GET", "/me", CUSTOMER, people.show_me),
    ("GET", "/api/v1/user", CUSTOMER, people.list_users),
    ("GET", "/api/v1/user/#", CUSTOMER, people.show_user),
    ("GET", "/api/v1/audit", ADMIN, people.list_audit),
    ("GET", "/api/v1/product", CUSTOMER, catalogue.list_products),
    ("POST", "/api/v1/product", ADMIN, catalogue.create_product),
    ("GET", "/api/v1/product/#", CUSTOMER, catalogue.show_product),
    ("PATCH", "/api/v1/product/#", ADMIN, catalogue.change_product),
    ("DELETE", "/api/v1/product/#", ADMIN, catalogue.delete_product),
    ("POST", "/api/v1/product/#/restore", ADMIN, catalogue.restore_product),
    ("GET", "/api/v1/image", CUSTOMER, images.list_images),
    ("POST", "/api/v1/image", ADMIN, images.upload_image),
    ("GET", "/api/v1/image/#", CUSTOMER, images.show_image),
    ("GET", "/api/v1/image/#/file", CUSTOMER, images.show_file),
    ("DELETE", "/api/v1/image/#", ADMIN, images.delete_image),
    ("GET", "/api/v1/order", CUSTOMER, orders.list_orders),
    ("POST", "/api/v1/order", CUSTOMER, orders.create_order),
    ("GET", "/api/v1/order/#", CUSTOMER, orders.show_order),
    ("POST", "/api/v1/order/#/@", CUSTOMER, orders.move_order),
]


def _pattern(path):
    number, action = r"([0-9]{1,9})", "(?P<action>" + "|".join(orders.ACTIONS) + ")"
    return re.compile(re.escape(path).replace(r"\#", number).replace("@", action))


_TABLE = [(method, _pattern(path), roles, handler) for method, path, roles, handler in ROUTES]


def find_route(request):
    method = "GET" if request.method == "HEAD" else request.method
    others = set()
    for candidate, pattern, roles, handler in _TABLE:
        match = pattern.fullmatch(request.path)
        if match and candidate == method:
            request.words = match.groupdict()
            request.numbers = [int(g) for g in match.groups() if g and g.isdigit()]
            return roles, handler
        others |= {candidate} if match else set()
    if others:
        raise ApiError(405, "METHOD_NOT_ALLOWED", "use another method", allowed=sorted(others))
    raise ApiError(404, "NOT_FOUND", "there is nothing at this path")


def respond(settings, request):
    """The one door: finds the route, the user and the right to pass, then runs the handler."""
    roles, handler = find_route(request)
    request.shop = settings
    with closing(database.connect(settings.database)) as connection:
        request.database = connection
        if roles is not ANYBODY:
            request.user = people.user_of(request)
            if request.user["role"] not in roles:
                raise ApiError(403, "FORBIDDEN", "this needs the role " + " or ".join(roles))
        return handler(request)


def answer(settings, request):
    begun = time.monotonic()
    try:
        result = respond(settings, request)
    except ApiError as refusal:
        result = Answer(refusal.status, refusal.content)
    except sqlite3.IntegrityError as conflict:
        result = Answer(409, {"code": "CONFLICT", "message": str(conflict)})
    except Exception as failure:  # whatever it is, the client gets an answer and the log a line
        log.error("request failed", path=request.path, error=repr(failure))
        result = Answer(500, {"code": "INTERNAL", "message": "the request failed"})
    level = "warn" if result.status >= 500 else "info"
    log.write(level, "request", method=request.method, path=request.path, status=result.status,
              ms=round((time.monotonic() - begun) * 1000, 1))
    return result
