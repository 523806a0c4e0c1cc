"""What a person gives beside the specification: the service package, the server's certificate;
like examples/session_given.c."""

from __future__ import annotations

import argparse
import enum
import os
from pathlib import Path

import cmg
from host import BadInput, Failure, read_file

__all__ = ["Package", "add_package", "add_pfx", "give_package", "give_pfx"]

ROOT = Path(__file__).resolve().parents[3]
BUILT = Path(os.environ.get("CMG_BUILD_ROOT", ROOT / "build")) / "examples/cmg-service.tar.gz"


class Package(enum.Enum):
    """What a program does without --package."""

    KEPT = enum.auto()  # instances keep what they have
    WANTED = enum.auto()  # the one of the build, if there is one
    NEEDED = enum.auto()  # the one of the build, or an error


def add_package(options: argparse.ArgumentParser, package: Package) -> None:
    """The option --package of a program."""
    options.set_defaults(package_use=package)
    options.add_argument("--package", metavar="FILE", type=Path, help=(
        "the service package; without it instances keep theirs" if package is Package.KEPT
        else f"the service package instead of {BUILT}"))


def add_pfx(options: argparse.ArgumentParser) -> None:
    """The option --pfx of a program."""
    options.add_argument("--pfx", metavar="FILE", type=Path,
                         help="the server certificate, by CMG_PASSWORD")


def give_package(gateway: cmg.Gateway, given: argparse.Namespace) -> None:
    """The package that was named, or the one of the build."""
    use = getattr(given, "package_use", Package.KEPT)
    path = getattr(given, "package", None)
    if path is None and use is not Package.KEPT and BUILT.exists():
        path = BUILT
    if path is not None:
        gateway.set_package(read_file(path))
    elif use is Package.NEEDED:
        raise Failure(f"there is no service package {BUILT}",
                      "the machines' image has no service: the gateway would not serve",
                      "build it (ninja -C build examples/cmg-service.tar.gz), or name one "
                      "with --package FILE")


def give_pfx(gateway: cmg.Gateway, path: Path) -> None:
    """A PFX file, whose password stands in the environment's CMG_PASSWORD."""
    password = os.environ.get("CMG_PASSWORD")
    if password is None:
        raise BadInput(f"the environment's CMG_PASSWORD is not set, which {path} needs",
                       "a PFX is opened by its password",
                       "set CMG_PASSWORD to the password of the file; to nothing when it has "
                       "none")
    gateway.set_certificate(
        cmg.Certificate.from_pfx(gateway.context, read_file(path), password))
