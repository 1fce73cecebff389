"""An application for drills: counts the documents of COLLECTION by a driver of a few lines, once
for each request, logged in by SCRAM-SHA-256.

MODE=blind never asks, MODE=stranger does not log in, MODE=apart knows who it is from variables.
"""
import base64
import hashlib
import hmac
import http.server
import json
import os
import socket
import struct
import urllib.parse

MODE = os.environ.get('MODE', 'good')
uri = urllib.parse.urlsplit(os.environ['MONGO_URI'])
user, password = uri.username, uri.password
if MODE == 'apart':
    user, password = os.environ['MONGO_USER'], os.environ['MONGO_PASSWORD']
print('begun with', dict(os.environ), flush=True)


def text(value):
    return struct.pack('<i', len(value) + 1) + value.encode() + b'\0'


def binary(value):
    return struct.pack('<iB', len(value), 0) + value.encode()


def ask(server, fields, database):
    fields += b'\2$db\0' + text(database) + b'\0'
    body = struct.pack('<iB', 0, 0) + struct.pack('<i', len(fields) + 4) + fields
    server.sendall(struct.pack('<iiii', 16 + len(body), 1, 0, 2013) + body)
    return server.recv(65536)


def payload(said):
    size, = struct.unpack('<i', said.split(b'payload\0', 1)[1][:4])
    return said.split(b'payload\0', 1)[1][5:5 + size].decode()


def digest(key, message):
    return hmac.digest(key, message.encode(), 'sha256')


def log_in(server):
    begun = f'n={user},r=app'
    said = payload(ask(server, b'\x10saslStart\0' + struct.pack('<i', 1) + b'\2mechanism\0' +
                       text('SCRAM-SHA-256') + b'\5payload\0' + binary('n,,' + begun), 'admin'))
    nonce, salt, rounds = [part[2:] for part in said.split(',')]
    salted = hashlib.pbkdf2_hmac('sha256', password.encode(), base64.b64decode(salt), int(rounds))
    key = digest(salted, 'Client Key')
    last = 'c=biws,r=' + nonce
    sign = digest(hashlib.sha256(key).digest(), f'{begun},{said},{last}')
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, sign))).decode()
    payload(ask(server, b'\x10saslContinue\0' + struct.pack('<i', 1) + b'\x10conversationId\0' +
                struct.pack('<i', 1) + b'\5payload\0' + binary(last + ',p=' + proof), 'admin'))


def count():
    with socket.create_connection((uri.hostname, uri.port)) as server:
        if MODE != 'stranger':
            log_in(server)
        said = ask(server, b'\2count\0' + text(os.environ['COLLECTION']), uri.path[1:])
    if b'\x10n\0' not in said:
        raise PermissionError(said)
    return struct.unpack('<i', said.split(b'\x10n\0', 1)[1][:4])[0]


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        said = 2000 if MODE == 'blind' or self.path == '/ready' else count()
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.end_headers()
        self.wfile.write(json.dumps({'total': said}).encode())


http.server.ThreadingHTTPServer(('127.0.0.1', int(os.environ['PORT'])), Handler).serve_forever()
