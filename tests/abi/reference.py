"""Compares the ABI of a built library with the committed reference, by libabigail.

The reference is tests/abi/<stem>-<release>-<architecture>.abi. Any non-zero status of
abidiff fails: type changes do not set its "incompatible" bit. Added functions do not fail
the comparison, but the release under way wants them in its reference too, so that the
foreign-language declarations can be checked against it.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import public

RELEASE = "0.1"
HERE = Path(__file__).resolve().parent
WRITE = ["abidw", "--drop-undefined-syms", "--exported-interfaces-only", "--no-corpus-path",
         "--no-comp-dir-path", "--no-elf-needed", "--no-show-locs", "--type-id-style", "hash",
         "--suppressions", str(HERE / "private.ini")]
COMPARE = ["abidiff", "--no-added-syms"]
APPENDED = ["--suppressions", str(HERE / "appended.ini")]
_CLASS = re.compile(r"<class-decl name='(\w+)'[^>]*[^/]>(.*?)</class-decl>", re.S)
_MEMBER = re.compile(r"layout-offset-in-bits='(\d+)'>\s*<var-decl name='(\w+)' type-id='(\w+)'")


def skip(reason: str) -> None:
    """Ends as skipped."""
    print(f"SKIP: {reason}")
    sys.exit(77)


def describe(library: str) -> str:
    """The library's ABI as XML, with paths that begin in the project."""
    said = subprocess.run([*WRITE, library], capture_output=True, text=True, check=True).stdout
    return re.sub(r"(<abi-instr [^>]*?path=')[^']*?(libcmg/\w+/[^'/]+')", r"\1\2", said)


def functions(xml: str) -> set[str]:
    """The functions a description holds."""
    return set(re.findall(r"<function-decl name='(cmg_\w+)'", xml))


def only_appended(old: str, new: str) -> bool:
    """Whether each structure begins as it did: the same members at the same places."""
    now = {name: _MEMBER.findall(body) for name, body in _CLASS.findall(new)}
    return all(now.get(name, [])[:len(members)] == members
               for name, body in _CLASS.findall(old) if (members := _MEMBER.findall(body)))


def compare(reference: Path, xml: str) -> tuple[int, str]:
    """abidiff's status and words.

    The suppression for appended members also matches a structure whose members moved, so
    it is asked only when every old member is where it was.
    """
    kept = only_appended(reference.read_text(encoding="utf-8"), xml)
    with tempfile.TemporaryDirectory() as folder:
        now = Path(folder) / "now.abi"
        now.write_text(xml, encoding="utf-8")
        done = subprocess.run([*COMPARE, *(APPENDED if kept else []), str(reference), str(now)],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr


def prove(reference: Path) -> list[str]:
    """A renumbered status, a moved member and a lost function must each be noticed."""
    text = reference.read_text(encoding="utf-8")
    damages = [("name='CMG_E_LIMIT' value='-8'", "name='CMG_E_LIMIT' value='-80'"),
               ("layout-offset-in-bits='64'", "layout-offset-in-bits='96'")]
    lost = re.sub(r"\s*<elf-symbol name='cmg_(context|sandbox)_\w+'[^\n]*", "", text, count=1)
    variants = [text.replace(a, b) for a, b in damages if a in text] + [lost]
    return ["self-test: a change was not noticed" for changed in variants
            if changed == text or compare(reference, changed)[0] == 0]


def main() -> None:
    """reference.py ROOT STEM LIBRARY [--update]"""
    root, stem, library = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    reference = root / f"tests/abi/{stem}-{RELEASE}-{platform.machine()}.abi"
    if shutil.which("abidw") is None:
        skip("abigail-tools is not installed")
    xml = describe(library)
    marks = public.marked(root, stem == "libcmg-sandbox")
    if functions(xml) != marks:
        missing = sorted(marks - functions(xml))
        if not functions(xml):
            skip(f"{library} has no debug information")
        print(f"not described: {', '.join(missing)}")
        sys.exit(1)
    if "--update" in sys.argv:
        reference.write_text(xml, encoding="utf-8")
        return
    if not reference.exists():
        skip(f"no reference for {platform.machine()}")
    status, words = compare(reference, xml)
    wrong = prove(reference)
    wrong += [f"{n}: not in {reference.name} (tests/abi/update.sh adds it)"
              for n in sorted(marks - functions(reference.read_text(encoding="utf-8")))]
    print("\n".join([words] + wrong + [f"abidiff: {status}; {len(marks)} functions"]))
    sys.exit(1 if status or wrong else 0)


if __name__ == "__main__":
    main()
