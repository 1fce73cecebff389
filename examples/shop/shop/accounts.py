"""Passwords (scrypt) and signed tokens (JSON Web Tokens, HMAC-SHA-256 under TOKEN_KEY)."""

import base64
import binascii
import hashlib
import hmac
import json
import os
import time

COST = (1 << 14, 8, 1)
TOKEN_SECONDS = 12 * 3600
HEADER = {"alg": "HS256", "typ": "JWT"}


def hash_password(password, salt=None, cost=COST):
    salt = salt or os.urandom(16)
    n, r, p = cost
    digest = hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, dklen=32)
    return f"scrypt${n}${r}${p}${salt.hex()}${digest.hex()}"


def password_matches(password, stored):
    _, n, r, p, salt, digest = stored.split("$")
    again = hash_password(password, bytes.fromhex(salt), (int(n), int(r), int(p)))
    return hmac.compare_digest(again.rsplit("$", 1)[1], digest)


# Compared with when the address is unknown, so that the answer takes as long as for a known one.
NOBODY = hash_password("nobody", b"\0" * 16)


def make_token(key, user_id, role, now=None):
    issued = int(now or time.time())
    claims = {"sub": str(user_id), "role": role, "iat": issued, "exp": issued + TOKEN_SECONDS}
    body = _encode(json.dumps(HEADER)) + "." + _encode(json.dumps(claims))
    return body + "." + _encode(_sign(key, body))


def read_token(key, token, now=None):
    """Returns the user's id, or None when the token is malformed, signed otherwise or too old."""
    try:
        header, claims, signature = token.split(".")
        if not hmac.compare_digest(_decode(signature), _sign(key, f"{header}.{claims}")):
            return None
        if json.loads(_decode(header)).get("alg") != "HS256":
            return None
        content = json.loads(_decode(claims))
        return int(content["sub"]) if content["exp"] > (now or time.time()) else None
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        return None


def key_check(key):
    """What the database remembers of the key: another one is noticed, nothing can be signed."""
    return hmac.new(key, b"shop token key check", hashlib.sha256).hexdigest()[:16]


def _sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _encode(value):
    raw = value.encode() if isinstance(value, str) else value
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
