"""Every certificate among Debian's test vectors that is read here is described, and says
what openssl says of it."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cmg

PARTS = 6  # each within the time that a test has
VECTORS = Path("/usr/lib/python3/dist-packages/cryptography_vectors/x509")
TYPES = {"CN": "2.5.4.3", "serialNumber": "2.5.4.5", "C": "2.5.4.6", "L": "2.5.4.7",
         "ST": "2.5.4.8", "O": "2.5.4.10", "OU": "2.5.4.11",
         "DC": "0.9.2342.19200300.100.1.25", "E": "1.2.840.113549.1.9.1"}
USAGES = {"Digital Signature": "DIGITAL_SIGNATURE", "Non Repudiation": "NON_REPUDIATION",
          "Key Encipherment": "KEY_ENCIPHERMENT", "Data Encipherment": "DATA_ENCIPHERMENT",
          "Key Agreement": "KEY_AGREEMENT", "Certificate Sign": "KEY_CERT_SIGN",
          "CRL Sign": "CRL_SIGN", "Encipher Only": "ENCIPHER_ONLY",
          "Decipher Only": "DECIPHER_ONLY"}
PURPOSES = {"TLS Web Server Authentication": "1.3.6.1.5.5.7.3.1",
            "TLS Web Client Authentication": "1.3.6.1.5.5.7.3.2",
            "Code Signing": "1.3.6.1.5.5.7.3.3", "E-mail Protection": "1.3.6.1.5.5.7.3.4",
            "Time Stamping": "1.3.6.1.5.5.7.3.8", "OCSP Signing": "1.3.6.1.5.5.7.3.9",
            "Any Extended Key Usage": "2.5.29.37.0"}
KINDS = {"DNS": cmg.NameKind.DNS, "IP Address": cmg.NameKind.IP,
         "email": cmg.NameKind.EMAIL, "URI": cmg.NameKind.URI}
LINE = re.compile(r"( {2})*\S.*")


def ders() -> Iterator[tuple[Path, bytes]]:
    """Each certificate file as DER."""
    for path in sorted(VECTORS.rglob("*")):
        if path.suffix not in (".pem", ".der", ".crt"):
            continue
        data = path.read_bytes()
        if b"-----BEGIN" in data:
            block = re.search(rb"-----BEGIN CERTIFICATE-----(.*?)-----END", data, re.S)
            data = base64.b64decode(block[1]) if block else b""
        yield path, data


def told(der: bytes) -> dict[str, str]:
    """What openssl says of a certificate; the values of extensions by their title."""
    made = subprocess.run(
        ["openssl", "x509", "-inform", "DER", "-noout", "-serial", "-subject", "-issuer",
         "-dates", "-dateopt", "iso_8601", "-fingerprint", "-sha256", "-nameopt",
         "oid,sep_comma_plus_space,dn_rev,utf8,esc_2253,esc_ctrl", "-ext",
         "keyUsage,extendedKeyUsage,basicConstraints,subjectAltName"],
        input=der, capture_output=True, check=False)
    found: dict[str, str] = {}
    title = ""
    for line in made.stdout.decode("utf-8", "backslashreplace").splitlines():
        if line.startswith(" "):
            found[title] += line.strip()
        elif line.startswith("X509v3 "):
            title = line[7:].split(":")[0]
            found[title] = ""
        elif "=" in line:
            key, _, value = line.partition("=")
            found[key] = value
    return found


def unescaped(name: str) -> bytes:
    """A distinguished name without its escapes, types as numbers; what is no text (openssl
    shows its bytes as if it were) left out."""
    def one(match: "re.Match[bytes]") -> bytes:
        digits = match.group(1)
        return bytes([int(digits, 16)]) if len(digits) == 2 else digits

    name = re.sub(r"(^|, )2\.5\.4\.45=[^,]*", r"\1", name)
    name = re.sub(r"(^|, |\+)([A-Za-z]+)=",
                  lambda m: f"{m[1]}{TYPES.get(m[2], m[2])}=", name)
    return re.sub(rb"\\([0-9A-Fa-f]{2}|.)", one, name.encode())


def listed(said: dict[str, str], extension: str) -> list[str]:
    """The values of an extension."""
    text = said.get(extension, "")
    return text.split(", ") if text else []


def alternative_names(said: dict[str, str]) -> list[tuple[cmg.NameKind, str]]:
    """Those of the common kinds."""
    found = []
    for part in re.split(r", (?=(?:DNS|IP Address|email|URI|othername|DirName|"
                         r"Registered ID|X400Name|EdiPartyName):)",
                         said.get("Subject Alternative Name", "")):
        kind, _, value = part.partition(":")
        if kind in KINDS:
            found.append((KINDS[kind], value))
    return found


def compressed(kind: cmg.NameKind, value: str) -> str:
    """An address as openssl 3.0 writes it: eight groups, no "::"."""
    if kind is not cmg.NameKind.IP or ":" not in value:
        return value
    return ":".join(f"{int(group, 16):X}"
                    for group in ipaddress.ip_address(value).exploded.split(":"))


def compare(cert: Any, said: dict[str, str]) -> None:
    """Each value that both tell."""
    if not said["serial"].startswith("-"):
        assert int(cert.serial, 16) == int(said["serial"], 16)
    assert unescaped(cert.subject) == unescaped(said["subject"])
    assert unescaped(cert.issuer) == unescaped(said["issuer"])
    text = cert.describe()
    for label, key in (("valid from", "notBefore"), ("valid until", "notAfter")):
        assert f"{label:<22}{said[key].replace(' ', 'T')}" in text
    assert cert.sha1 == hashlib.sha1(cert.export_der()).hexdigest()
    assert cert.sha256 == said["sha256 Fingerprint"].replace(":", "").lower()
    assert {usage.name for usage in cert.key_usage} == {
        USAGES[usage] for usage in listed(said, "Key Usage")}
    for mine, theirs in zip(cert.extended_key_usage, listed(said, "Extended Key Usage"),
                            strict=True):
        assert mine == PURPOSES.get(theirs, mine if theirs[0].isalpha() else theirs)
    constraints = listed(said, "Basic Constraints")
    assert cert.is_authority == ("CA:TRUE" in constraints)
    assert cert.path_length == next((int(value[8:]) for value in constraints
                                     if value.startswith("pathlen:")), None)
    assert [(name.kind, compressed(name.kind, name.value)) for name in cert.names
            if name.kind in KINDS.values()] == alternative_names(said)


@pytest.mark.parametrize("part", range(PARTS))
def test_openssl_says_the_same_of_every_certificate(ctx: Any, part: int) -> None:
    if not VECTORS.is_dir():
        pytest.skip("python3-cryptography-vectors is not installed")
    read = refused = 0
    wrong = []
    unread = []  # by openssl
    for path, der in list(ders())[part::PARTS]:
        try:
            cert = cmg.Certificate.from_bytes(ctx, der)
        except cmg.ParseError:
            refused += 1
            continue
        read += 1
        assert all(LINE.fullmatch(line) for line in cert.describe().splitlines())
        said = told(der)
        try:
            if "serial" in said:
                compare(cert, said)
            else:
                unread.append(str(path.relative_to(VECTORS)))
        except AssertionError as exc:
            wrong.append(f"{path.relative_to(VECTORS)}: {str(exc)[:200]}")
        cert.close()
    assert wrong == []
    assert set(unread) <= {"custom/invalid_utf8_common_name.pem"}
    assert read >= 480 // PARTS, (read, refused)
