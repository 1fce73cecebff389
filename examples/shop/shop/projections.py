"""Which fields each role sees: data, so that /_describe and the answers cannot differ."""

ADMIN, CUSTOMER = "admin", "customer"

_PUBLIC = {
    "user": ["id", "email", "name", "role"],
    "product": ["id", "sku", "name", "description", "priceCents", "stock", "weightKg"],
    "image": ["id", "productId", "contentType", "url"],
    "order": ["id", "state", "availableTransitions", "items", "totalCents", "createdAt",
              "updatedAt"],
}
_ADMIN_ONLY = {
    "user": ["createdAt", "deletedAt"],
    "product": ["costCents", "supplier", "createdAt", "updatedAt", "deletedAt"],
    "image": ["key", "size", "sha256", "createdAt", "deletedAt"],
    "order": ["userId", "note", "updatedBy", "deletedAt"],
    "audit": ["id", "at", "userId", "action", "subject", "detail"],
}


def fields(resource, role):
    own = _ADMIN_ONLY[resource] if role == ADMIN else []
    return _PUBLIC.get(resource, []) + own


def resources(role):
    names = sorted(_PUBLIC.keys() | _ADMIN_ONLY.keys())
    return [name for name in names if fields(name, role)]


def project(resource, role, record):
    return {name: record[name] for name in fields(resource, role)}
