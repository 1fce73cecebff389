"""HTTP plumbing: requests, answers, errors as JSON. Handlers never see a socket."""

import json
import re
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from urllib.parse import parse_qs, urlsplit

LARGEST_BODY = 16 << 20
LARGEST_PAGE = 500


class ApiError(Exception):
    """An answer that is not a success: status, a stable code, a message, and further fields."""

    def __init__(self, status, code, message, **extra):
        super().__init__(message)
        self.status = status
        self.content = {"code": code, "message": message, **extra}


@dataclass
class Request:
    method: str
    path: str
    query: dict
    headers: dict
    body: bytes
    numbers: list = field(default_factory=list)  # the ids in the path, in order
    words: dict = field(default_factory=dict)
    user: dict = None
    database: object = None
    shop: object = None

    def json(self):
        try:
            content = json.loads(self.body or b"{}")
        except ValueError:
            raise ApiError(400, "INVALID_JSON", "the body is not JSON") from None
        if not isinstance(content, dict):
            raise ApiError(400, "INVALID_JSON", "the body is not a JSON object")
        return content

    def number(self, name, default, largest):
        text = self.query.get(name, str(default))
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise ApiError(400, "INVALID_QUERY", f"{name} is not a number")
        return min(int(text), largest)


@dataclass
class Answer:
    status: int
    content: object
    headers: dict = field(default_factory=dict)

    def encoded(self):
        if isinstance(self.content, bytes):
            return self.content
        self.headers.setdefault("Content-Type", "application/json")
        return json.dumps(self.content).encode()


def split_target(target):
    parts = urlsplit(target)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return parts.path, query


class Server(ThreadingHTTPServer):
    """Listens on loopback only; never asks a name server, so it boots without any network."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port, answer):
        self.answer = answer
        super().__init__(("127.0.0.1", port), Handler)

    def server_bind(self):
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "shop"
    sys_version = ""
    timeout = 30

    def do_any(self):
        body = self.read_body()
        if body is None:
            return
        path, query = split_target(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.send(self.server.answer(Request(self.command, path, query, headers, body)))

    do_GET = do_POST = do_PATCH = do_DELETE = do_HEAD = do_any

    def read_body(self):
        """The whole body, or None after a refusal; an unread body would be taken for a request."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit():
            return self.refuse(411, "LENGTH_REQUIRED", "send a body with its Content-Length")
        if int(length) > LARGEST_BODY:
            return self.refuse(413, "TOO_LARGE", f"a body has at most {LARGEST_BODY} bytes")
        return self.rfile.read(int(length))

    def refuse(self, status, code, message):
        self.close_connection = True
        self.send(Answer(status, {"code": code, "message": message}, {"Connection": "close"}))

    def send(self, answer):
        content = answer.encoded()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_):
        """The application logs each request itself, as JSON."""
