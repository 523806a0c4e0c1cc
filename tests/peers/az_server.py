"""Debian's Azure CLI, loaded once.

Each line of standard input is a command as a JSON list of its words. A child of its own runs
it, as `az` would; what came of it goes to standard output as one line of JSON: status, out,
err. Loading takes az most of its time, and a child starts as fresh as a process of its own.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import tempfile
import traceback
from typing import IO, Any

# What commands of the tests load besides; what an installation lacks is not preloaded.
MODULES = ("msal", "requests", "azure.cli.core.commands.arm", "azure.mgmt.resource",
           "azure.storage.blob", *(f"azure.cli.command_modules.{name}.custom" for name in (
               "cloud", "profile", "resource", "role", "storage", "util")))


def invoke(words: list[str]) -> int:
    """What the program's main does."""
    try:
        from azure.cli.core import get_default_cli  # type: ignore[import-not-found]
        return int(get_default_cli().invoke(words) or 0)
    except SystemExit as exc:
        return exc.code if isinstance(exc.code, int) else int(exc.code is not None)
    except BaseException:  # nothing may get past the child
        traceback.print_exc()
        return 1


def run(words: list[str], out: IO[bytes], err: IO[bytes]) -> int:
    """The exit status of a child that runs it."""
    child = os.fork()
    if child != 0:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        status = invoke(words)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def answer(words: list[str]) -> dict[str, Any]:
    """Runs a command; its status and what it wrote."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        status = run(words, out, err)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8"))
    return {"status": status, "out": texts[0], "err": texts[1]}


def main() -> None:
    """Until standard input ends."""
    importlib.import_module("azure.cli.core")
    for name in MODULES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
