"""Makes PFX files that no tool at hand writes, out of one that openssl wrote.

usage: pfx_files.py IN.pfx OUT.pfx PASSWORD CHANGE[=VALUE]...

It shares no code with the library: its own DER, its own PKCS#12 derivation, Python's
hashes. Changes are made in their order; the MAC is made anew where its content changed.
"""

from __future__ import annotations

import hashlib
import hmac
import sys
from dataclasses import dataclass, field
from pathlib import Path

DATA = bytes.fromhex("2a864886f70d010701")
PBMAC1 = bytes.fromhex("2a864886f70d01050e")
PBKDF2 = bytes.fromhex("2a864886f70d01050c")
SAFE_BAG = bytes.fromhex("2a864886f70d010c0a0106")
HASHES = {"sha1": bytes.fromhex("2b0e03021a"), "sha256": bytes.fromhex("608648016503040201"),
          "sha384": bytes.fromhex("608648016503040202"),
          "sha512": bytes.fromhex("608648016503040203")}
HMACS = {"sha1": bytes.fromhex("2a864886f70d0207"), "sha256": bytes.fromhex("2a864886f70d0209"),
         "sha384": bytes.fromhex("2a864886f70d020a"), "sha512": bytes.fromhex("2a864886f70d020b")}
SALT = bytes(range(1, 17))


@dataclass
class Node:
    """One DER value: a tag with bytes, or with values inside."""

    tag: int
    value: bytes = b""
    inside: list["Node"] = field(default_factory=list)

    @property
    def is_list(self) -> bool:
        return bool(self.tag & 0x20)


def parse(data: bytes) -> list[Node]:
    """Every value of some DER."""
    nodes, at = [], 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length = int.from_bytes(data[at:at + count], "big")
            at += count
        body = data[at:at + length]
        at += length
        nodes.append(Node(tag, inside=parse(body)) if tag & 0x20 else Node(tag, body))
    return nodes


def length_of(n: int) -> bytes:
    if n < 0x80:
        return bytes([n])
    size = (n.bit_length() + 7) // 8
    return bytes([0x80 | size]) + n.to_bytes(size, "big")


def der(node: Node) -> bytes:
    body = b"".join(map(der, node.inside)) if node.is_list else node.value
    return bytes([node.tag]) + length_of(len(body)) + body


def ber(node: Node) -> bytes:
    """The same value with indefinite lengths, octets in pieces, lengths with zeros."""
    if node.is_list:
        return bytes([node.tag, 0x80]) + b"".join(map(ber, node.inside)) + b"\0\0"
    if node.tag in (0x04, 0x80) and len(node.value) > 1:
        half = len(node.value) // 2
        pieces = (Node(4, node.value[:half]), Node(4, node.value[half:]))
        return bytes([node.tag | 0x20, 0x80]) + b"".join(map(der, pieces)) + b"\0\0"
    return bytes([node.tag, 0x83]) + len(node.value).to_bytes(3, "big") + node.value


def seq(*inside: Node) -> Node:
    return Node(0x30, inside=list(inside))


def oid(value: bytes) -> Node:
    return Node(6, value)


def number(n: int) -> Node:
    return Node(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def derive(hash_name: str, password: bytes, salt: bytes, iterations: int) -> bytes:
    """RFC 7292, appendix B.2, for a MAC key of the size of the hash: one round."""
    block = hashlib.new(hash_name).block_size

    def fill(text: bytes) -> bytes:
        size = (len(text) + block - 1) // block * block
        return (text * (size // max(len(text), 1) + 1))[:size]

    state = bytes([3]) * block + fill(salt) + fill(password)
    for _ in range(iterations):
        state = hashlib.new(hash_name, state).digest()
    return state


def classic_mac(content: bytes, password: bytes, hash_name: str, iterations: int) -> Node:
    key = derive(hash_name, password, SALT, iterations)
    value = hmac.new(key, content, hash_name).digest()
    return seq(seq(seq(oid(HASHES[hash_name]), Node(5)), Node(4, value)), Node(4, SALT),
               number(iterations))


def pbmac1(content: bytes, password: bytes, prf: str, mac: str, size: int) -> Node:
    """RFC 9579: the derivation and the MAC may use different hashes."""
    key = hashlib.pbkdf2_hmac(prf, password, SALT, 2048, size)
    value = hmac.new(key, content, mac).digest()
    kdf = seq(oid(PBKDF2), seq(Node(4, SALT), number(2048), number(size),
                               seq(oid(HMACS[prf]), Node(5))))
    algorithm = seq(oid(PBMAC1), seq(kdf, seq(oid(HMACS[mac]), Node(5))))
    return seq(seq(algorithm, Node(4, value)), Node(4, b"ignored!"), number(1))


class Pfx:
    """A file whose parts can be changed."""

    def __init__(self, data: bytes, password: str) -> None:
        (self.whole,) = parse(data)
        self.password = password
        self.wide = password.encode("utf-16-be") + b"\0\0"
        self.shape = der

    @property
    def octets(self) -> Node:
        return self.whole.inside[1].inside[1].inside[0]

    def parts(self) -> list[Node]:
        (safe,) = parse(self.octets.value)
        return safe.inside

    def set_parts(self, parts: list[Node]) -> None:
        self.octets.value = der(seq(*parts))
        self.mac()

    def plain_parts(self) -> list[tuple[Node, list[Node]]]:
        """Each part that is not encrypted, with its bags."""
        found = []
        for part in self.parts():
            if part.inside[0].value == DATA:
                (bags,) = parse(part.inside[1].inside[0].value)
                found.append((part, bags.inside))
        return found

    def set_mac(self, node: Node) -> None:
        self.whole.inside[2:] = [node]

    def mac(self, hash_name: str = "sha256", iterations: int = 2) -> None:
        self.set_mac(classic_mac(self.octets.value, self.wide, hash_name, iterations))


def data_part(bags: list[Node]) -> Node:
    return seq(oid(DATA), Node(0xA0, inside=[Node(4, der(seq(*bags)))]))


def change(pfx: Pfx, name: str, value: str) -> None:
    """Makes one change; value is what stands after the equals sign."""
    utf8 = pfx.password.encode()
    if name == "pbmac1":
        prf, mac, size = value.split(",")
        pfx.set_mac(pbmac1(pfx.octets.value, utf8, prf, mac, int(size)))
    elif name == "mac":  # hash,iterations
        hash_name, count = value.split(",")
        pfx.mac(hash_name, int(count))
    elif name == "widened":  # each byte of the password a character
        wide = b"".join(bytes([0, b]) for b in utf8) + b"\0\0"
        pfx.set_mac(classic_mac(pfx.octets.value, wide, "sha1", 2))
    elif name == "bare":  # an empty password without its end mark
        pfx.set_mac(classic_mac(pfx.octets.value, b"", "sha1", 2))
    elif name == "iterations":  # said, not done
        pfx.whole.inside[2].inside[2] = number(int(value))
    elif name == "inside-ber":  # what the MAC covers, too
        (safe,) = parse(pfx.octets.value)
        pfx.octets.value = ber(safe)
        pfx.mac()
    elif name == "ber":
        pfx.shape = ber
    elif name == "nested":  # bags in bags, so many times
        parts = []
        for part, bags in pfx.plain_parts():
            for _ in range(int(value)):
                bags = [seq(oid(SAFE_BAG), Node(0xA0, inside=[seq(*bags)]))]
            parts.append(data_part(bags))
        pfx.set_parts(parts)
    elif name == "times":  # every plain bag so many times
        pfx.set_parts([data_part(bags * int(value)) for _, bags in pfx.plain_parts()])
    elif name == "join":  # the parts of another file after the own
        other = Pfx(Path(value).read_bytes(), pfx.password)
        pfx.set_parts(pfx.parts() + other.parts())
    elif name == "only":  # the part of this number
        pfx.set_parts([pfx.parts()[int(value)]])
    elif name == "cut":  # no whole block any more
        parts = pfx.parts()
        secret = parts[0].inside[1].inside[0].inside[1].inside[2]
        secret.value = secret.value[:-1]
        pfx.set_parts(parts)
    elif name == "nomac":
        del pfx.whole.inside[2:]
    elif name == "flip-mac":
        digest = pfx.whole.inside[2].inside[0].inside[1]
        digest.value = bytes([digest.value[0] ^ 1]) + digest.value[1:]
    else:
        raise SystemExit(f"there is no change {name}")


def main() -> None:
    source, target, password, *changes = sys.argv[1:]
    pfx = Pfx(Path(source).read_bytes(), password)
    for text in changes:
        name, _, value = text.partition("=")
        change(pfx, name, value)
    Path(target).write_bytes(pfx.shape(pfx.whole))


if __name__ == "__main__":
    main()
