"""HTTP/1.1 messages read from a stream byte for byte, and what they say."""

from __future__ import annotations

import gzip
import json
import urllib.parse
from dataclasses import dataclass
from typing import Any, BinaryIO

HEAD_MAX, BODY_MAX = 256 * 1024, 64 * 1024 * 1024
_NO_BODY = (204, 304)


class Malformed(Exception):
    """What came is not HTTP."""


@dataclass
class Message:
    """One request or answer: its bytes as they came, and its parts."""

    raw: bytes
    first: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """A field's first value; names have no case."""
        return next((v for n, v in self.headers if n.lower() == name.lower()), None)

    def text(self) -> bytes:
        """The body without its encoding."""
        return gzip.decompress(self.body) if self.header("Content-Encoding") == "gzip" \
            else self.body

    def media(self) -> str:
        """The media type without parameters."""
        return (self.header("Content-Type") or "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.text().decode("utf-8-sig"))


@dataclass
class Exchange:
    """A request, what came back (None: nothing), and what the recorder did to it."""

    number: int
    request: Message
    answer: Message | None = None
    fault: str = ""

    @property
    def method(self) -> str:
        return self.request.first.split(" ")[0]

    @property
    def target(self) -> urllib.parse.SplitResult:
        """The whole URL that was asked for."""
        return urllib.parse.urlsplit("https://" + self.host + self.request.first.split(" ")[1])

    @property
    def host(self) -> str:
        return self.request.header("Host") or ""

    @property
    def status(self) -> int:
        return int(self.answer.first.split(" ")[1]) if self.answer else 0

    def __str__(self) -> str:
        return f"#{self.number} {self.method} {self.target.geturl()} -> {self.status}"


def _line(stream: BinaryIO) -> bytes:
    line = stream.readline(HEAD_MAX)
    if line and not line.endswith(b"\n"):
        raise Malformed(f"a line ends early: {line[:80]!r}")
    return line


def _exactly(stream: BinaryIO, size: int) -> bytes:
    if size > BODY_MAX:
        raise Malformed(f"{size} bytes are too much")
    data = stream.read(size)
    if len(data) != size:
        raise Malformed(f"{len(data)} of {size} bytes came")
    return data


def _chunks(stream: BinaryIO) -> tuple[bytes, bytes]:
    raw, body = b"", b""
    while True:
        line = _line(stream)
        size = int(line.partition(b";")[0], 16)
        piece = _exactly(stream, size + 2) if size else b""
        raw, body = raw + line + piece, body + piece[:-2]
        if size == 0:
            while line not in (b"\r\n", b""):
                line = _line(stream)
                raw += line
            return raw, body


def head(stream: BinaryIO) -> Message | None:
    """First line and fields; None at the end of the stream."""
    raw = first = _line(stream)
    if not first:
        return None
    headers = []
    while (line := _line(stream)) != b"\r\n":
        if b":" not in line or len(raw) > HEAD_MAX:
            raise Malformed(f"not a field: {line[:80]!r}")
        name, _, value = line.decode("latin-1").partition(":")
        headers.append((name, value.strip()))
        raw += line
    return Message(raw + line, first.decode("latin-1").strip(), headers, b"")


def fill(message: Message, stream: BinaryIO, bodiless: bool = False) -> Message:
    """Reads the body that the head tells of; an answer without length ends with its stream."""
    is_answer = message.first.startswith("HTTP/")
    length = message.header("Content-Length")
    if bodiless or (is_answer and int(message.first.split(" ")[1]) in _NO_BODY):
        return message
    if (message.header("Transfer-Encoding") or "").lower() == "chunked":
        raw, message.body = _chunks(stream)
    elif length is not None:
        raw = message.body = _exactly(stream, int(length))
    else:
        raw = message.body = stream.read(BODY_MAX) if is_answer else b""
    message.raw += raw
    return message
