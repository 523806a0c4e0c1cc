#!/usr/bin/env python3
"""A server certificate from a Windows authority by its web enrolment pages, or from the
sandbox, like examples/enrol_adcs.c. The directory holds key, request, checkpoint and, in the
end, the certificate; run it again after a crash, or days later while a request is pending.

    enrol_adcs.py DIRECTORY NAME URL TEMPLATE USER [PASSWORD-FILE]
    enrol_adcs.py --sandbox DIRECTORY NAME

Without a file, the password is in the environment's CMG_PASSWORD. A user "-" signs in with
the Kerberos tickets of the process, one with a backslash by NTLM, others by Basic.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Optional

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "bindings/python"))
os.environ.setdefault("CMG_LIBRARY_PATH", str(ROOT / "build/libcmg"))

import cmg  # noqa: E402


def keep(path: Path, data: bytes) -> None:
    """Written beside, for nobody else to read, and renamed."""
    beside = path.with_suffix(".new")
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(data)
    beside.replace(path)


def open_request(ctx: cmg.Context, directory: Path, name: str) -> tuple[cmg.Key, cmg.Csr]:
    """The same key and request every time: the checkpoint belongs to them."""
    key_path, csr_path = directory / "key.pem", directory / "request.pem"
    if not key_path.exists():
        keep(key_path, cmg.Key.generate(ctx, cmg.KeyKind.RSA_2048).export_pem())
    key = cmg.Key.from_bytes(ctx, key_path.read_bytes())
    if not csr_path.exists():
        web = cmg.Template.builtin(ctx, "web_server")
        keep(csr_path, cmg.Csr.new(ctx, web, key, name, dns_names=[name]).export_pem())
    return key, cmg.Csr.from_bytes(ctx, csr_path.read_bytes())


def sign_in(enrolment: cmg.Enrolment, user: str, password: str) -> None:
    """By the form of the user's name."""
    if user == "-":
        enrolment.set_sign_in(cmg.SignIn.NEGOTIATE)
    else:
        way = cmg.SignIn.NTLM if "\\" in user else cmg.SignIn.BASIC
        enrolment.set_sign_in(way, user, password.encode())


def main(arguments: list[str]) -> int:
    lab = len(arguments) == 3 and arguments[0] == "--sandbox"
    if not lab and len(arguments) not in (5, 6):
        print(__doc__, file=sys.stderr)
        return 2
    directory, name = Path(arguments[lab]), arguments[1 + lab]
    directory.mkdir(mode=0o700, exist_ok=True)
    password = os.environ.get("CMG_PASSWORD", "")
    if len(arguments) == 6:
        password = Path(arguments[5]).read_text(encoding="utf-8").splitlines()[0]
    with ExitStack() as stack:
        sandbox: Optional[cmg.Sandbox] = None
        if lab:
            sandbox = stack.enter_context(cmg.Sandbox(directory / "cloud"))
        ctx = stack.enter_context(cmg.Context())
        url, template, user = ("https://pki.contoso.com/certsrv", "WebServer", ""
                               ) if lab else arguments[2:5]
        if sandbox is not None:
            sandbox.attach(ctx)
            user, password = sandbox.client_id, sandbox.client_secret
        key, csr = open_request(ctx, directory, name)
        enrolment = stack.enter_context(cmg.Enrolment(
            ctx, csr, key=key, checkpoint=directory / "enrolment.json"))
        enrolment.use_certsrv(url, template)
        sign_in(enrolment, user, password)
        enrolment.on_state = lambda now, _why: print(
            f"{now.name:10} {enrolment.request_id:5} {enrolment.message}")
        keep(directory / "certificate.pem", enrolment.run().export_pem())
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except cmg.CmgError as exc:
        print(f"error: {exc}\nremedy: {exc.remedy}", file=sys.stderr)
        sys.exit(1)
