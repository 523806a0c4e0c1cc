"""What the quickstart needs besides libcmg: child processes and files that are written
whole or not at all. Nothing here knows about gateways."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType


def write_file(path: Path, data: bytes) -> None:
    """Written beside (mode 0600) and renamed."""
    beside = path.with_name(path.name + ".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)


class Child:
    """A process whose standard input is a pipe from us: its life line."""

    def __init__(self, arguments: Sequence[str | Path], log: Path) -> None:
        self.log = log
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                [str(a) for a in arguments], stdin=subprocess.PIPE, stdout=output,
                stderr=output, start_new_session=True)

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
