"""Receivers of notices on this machine's loopback: a web server and a mail server, which keep every
byte and answer as they are told, and the certificates for their TLS."""
import datetime
import http.server
import ipaddress
import pathlib
import socket
import socketserver
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def make_certificate(folder):
    """A certificate of 127.0.0.1 that vouches for itself: {"certificate", "key"} as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "receiver")])
    now = datetime.datetime.utcnow()
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(
            [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256()))
    files = {"certificate": pathlib.Path(folder) / "receiver.pem",
             "key": pathlib.Path(folder) / "receiver.key"}
    files["certificate"].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files["key"].write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    return files


def context_of(files):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files["certificate"], files["key"])
    return context


class Request:
    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body


class Web:
    """`answers` are given one after the other, the last for ever: a status, (status, body) or
    (status, body, headers); None never answers."""

    def __init__(self, answers=(200,), tls=None):
        self.answers, self.requests, self.stopped = list(answers), [], threading.Event()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                size = int(self.headers.get("Content-Length") or 0)
                receiver.requests.append(Request(self.command, self.path, dict(self.headers),
                                                 self.rfile.read(size)))
                given = receiver.next_answer()
                if given is None:
                    receiver.stopped.wait(60)
                    return
                status, body, headers = given
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        if tls:
            self.server.socket = context_of(tls).wrap_socket(self.server.socket, server_side=True)
        self.scheme = "https" if tls else "http"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next_answer(self):
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            return None
        given = (answer,) if isinstance(answer, int) else answer
        return (*given, b"", {})[:3] if len(given) == 1 else (*given, {})[:3]

    def url(self, path="/"):
        return f"{self.scheme}://127.0.0.1:{self.server.server_port}{path}"

    def close(self):
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()


class MailDialogue(socketserver.StreamRequestHandler):
    """One connection to a mail server; `self.server.receiver` is the Mail."""

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")
        self.wfile.flush()

    def start_tls(self):
        context = context_of(self.server.receiver.tls)
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb")
        self.secure = True

    def handle(self):
        self.secure, self.mail = False, {"to": []}
        try:
            self.talk()
        except (OSError, ssl.SSLError):
            pass

    def finish(self):
        try:
            super().finish()
        except (OSError, ValueError):
            pass
        self.connection.close()

    def talk(self):
        if self.server.receiver.mode == "implicit":
            self.start_tls()
        self.say("220 receiver ready")
        while raw := self.rfile.readline():  # of another file once TLS has begun
            line = raw.rstrip(b"\r\n").decode()
            self.server.receiver.lines.append(line)
            if line.upper() == "QUIT":
                self.say("221 bye")
                return
            self.answer(line)

    def answer(self, line):
        word, receiver = line.upper(), self.server.receiver
        if word.startswith("EHLO"):
            self.say("250-receiver")
            if receiver.mode == "starttls" and not self.secure:
                self.say("250-STARTTLS")
            self.say("250 AUTH PLAIN")
        elif word == "STARTTLS":
            self.say("220 go on")
            self.start_tls()
        elif word == "AUTH PLAIN":
            self.say("334 ")
            receiver.logins.append((self.secure, self.rfile.readline().strip().decode()))
            self.say("235 welcome")
        elif word.startswith("MAIL FROM:"):
            self.mail["from"] = line[10:]
            self.say("250 sender")
        elif word.startswith("RCPT TO:"):
            self.mail["to"].append(line[8:])
            self.say(receiver.refuse or "250 recipient")
        elif word == "DATA":
            self.say("354 go on")
            receiver.mails.append({**self.mail, "data": self.data(), "secure": self.secure})
            self.say("250 2.0.0 queued as 1")
        else:
            self.say("500 what?")

    def data(self):
        data = b""
        for line in iter(self.rfile.readline, b".\r\n"):
            data += line[1:] if line.startswith(b".") else line
        return data


class MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True


class Mail:
    """`mode`: "implicit" (TLS from the start), "starttls" or "plain". `refuse` is answered to a
    recipient instead of 250."""

    def __init__(self, mode, tls=None, refuse=None):
        self.mode, self.tls, self.refuse = mode, tls, refuse
        self.mails, self.logins, self.lines = [], [], []
        self.server = MailServer(("127.0.0.1", 0), MailDialogue)
        self.server.receiver = self
        self.scheme = "smtps" if mode == "implicit" else "smtp"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.server.server_address[1]}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def closed_port():
    """Where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]
