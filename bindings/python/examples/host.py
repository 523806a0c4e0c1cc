"""What the quickstart needs besides libcmg: child processes and files that are written
whole or not at all. Nothing here knows about gateways."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType


class Failure(Exception):
    """Something beside libcmg went wrong."""

    def __init__(self, message: str, cause: str = "", remedy: str = "") -> None:
        lines = [message]
        lines += [f"  cause:  {cause}"] if cause else []
        lines += [f"  remedy: {remedy}"] if remedy else []
        super().__init__("\n".join(lines))


class BadInput(Failure):
    """What was given cannot be meant."""


def read_file(path: Path) -> bytes:
    """A whole file."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Failure(f"cannot read {path}: {error.strerror}") from error


def open_directory(path: Path) -> Path:
    """Made when absent, and from then on known by its full name: what is printed has to
    work from anywhere."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path.resolve(strict=True)
    except OSError as error:
        raise Failure(f"cannot use the directory {path}: {error.strerror}") from error


def write_file(path: Path, data: bytes) -> None:
    """Written beside (mode 0600) and renamed."""
    beside = path.with_name(path.name + ".new")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise Failure(f"cannot write {path}: {error.strerror}") from error


def is_full(path: Path) -> bool:
    """Whether the file system that holds the path has no room left."""
    return os.statvfs(path).f_bavail == 0


class Child:
    """A process whose standard input is a pipe from us: its life line."""

    def __init__(self, arguments: Sequence[str | Path], log: Path) -> None:
        self.log = log
        try:
            with open(log, "wb") as output:
                self.process = subprocess.Popen(
                    [str(a) for a in arguments], stdin=subprocess.PIPE, stdout=output,
                    stderr=output, start_new_session=True)
        except OSError as error:
            raise Failure(f"cannot start {arguments[0]}", f"{error.filename}: {error.strerror}",
                          "name the right --programs, and free space if there is none"
                          ) from error

    def failure(self, what: str) -> Failure:
        """That it did not do its work: its last words, or a full disk."""
        if is_full(self.log.parent):
            return Failure(what, f"the file system of {self.log} is full",
                           "free space there, then run the same again")
        words = self.log.read_text(errors="replace").splitlines()
        return Failure(what, words[-1] if words else "it ended without a word",
                       f"see {self.log}")

    def wait_for(self, path: Path, turn: Callable[[], object]) -> bool:
        """Whether the child writes a file within 15 s; work goes on meanwhile."""
        for _ in range(300):
            if path.exists():
                return True
            if self.process.poll() is not None:
                return False
            turn()
        return False

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None,
                 trace: TracebackType | None) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
