"""Lets libcurl's NTLM talk to gss-ntlmssp, each of which is right in its own way.

libcurl leaves the eight bytes of the version out of its messages, which old servers permit;
gss-ntlmssp 1.2 wants them. Here they are put in, as zeros, and the offsets moved on. Nothing
else changes: the answer to the challenge is libcurl's, its check is gss-ntlmssp's. A
connection of the client is one connection to the server, for NTLM signs connections in.

front_ntlm.py PORT SERVER_PORT CERTIFICATE KEY CA
"""

import base64
import http.client
import http.server
import ssl
import struct
import sys

TYPE_1_SIZE, TYPE_3_SIZE, VERSION_SIZE = 32, 64, 8
TYPE_3_FIELDS = range(12, 60, 8)  # length, room, offset of each


def with_version(message: bytes) -> bytes:
    """The message with room for a version after its fixed part."""
    kind = struct.unpack_from("<I", message, 8)[0]
    if kind == 1 and len(message) == TYPE_1_SIZE:
        return message + bytes(VERSION_SIZE)
    if kind != 3:
        return message
    head = bytearray(message[:TYPE_3_SIZE])
    for at in TYPE_3_FIELDS:
        offset = struct.unpack_from("<I", head, at + 4)[0]
        struct.pack_into("<I", head, at + 4, offset + VERSION_SIZE)
    return bytes(head) + bytes(VERSION_SIZE) + message[TYPE_3_SIZE:]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_connection = None

    def answer(self) -> None:
        if self.server_connection is None:
            context = ssl.create_default_context(cafile=sys.argv[5])
            self.server_connection = http.client.HTTPSConnection("localhost", int(sys.argv[2]),
                                                                 context=context)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = dict(self.headers.items())
        field = headers.get("Authorization", "")
        if field.startswith("NTLM "):
            message = with_version(base64.b64decode(field[5:]))
            headers["Authorization"] = "NTLM " + base64.b64encode(message).decode()
        self.server_connection.request(self.command, self.path, body, headers)
        reply = self.server_connection.getresponse()
        data = reply.read()
        self.send_response_only(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = answer

    def log_message(self, *_arguments: object) -> None:
        """Nothing: the server behind keeps a log."""


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(sys.argv[3], sys.argv[4])
server.socket = tls.wrap_socket(server.socket, server_side=True)
server.serve_forever()
