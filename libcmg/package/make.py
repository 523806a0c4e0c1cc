"""Makes the service package: make.py OUT.tar.gz STRIP NAME=FILE[:MODE]...

The same files give the same bytes: members are sorted, times, owners and the order of the
disk are left out, programs go without symbols and build ID, which depend on where they were
built.
"""

import gzip
import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path


def stripped(strip: str, path: Path) -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory, path.name)
        subprocess.run([strip, "--strip-all", "-R", ".note.gnu.build-id", "-R", ".comment",
                        "-o", str(copy), str(path)], check=True)
        return copy.read_bytes()


def content(strip: str, path: Path) -> bytes:
    data = path.read_bytes()
    return stripped(strip, path) if data.startswith(b"\x7fELF") else data


def add(archive: tarfile.TarFile, name: str, mode: int, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.mode, member.size = mode, len(data)
    archive.addfile(member, io.BytesIO(data))


def add_directories(archive: tarfile.TarFile, names: list[str]) -> None:
    for name in sorted({str(Path(name).parent) for name in names} - {"."}):
        member = tarfile.TarInfo(name)
        member.type, member.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(member)


def main() -> None:
    out, strip, *rows = sys.argv[1:]
    files = {}
    for row in rows:
        name, _, source = row.partition("=")
        path, _, mode = source.partition(":")
        files[name] = (Path(path), int(mode or "644", 8))
    whole = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=whole, mode="wb", compresslevel=9, mtime=0) as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            add_directories(archive, list(files))
            for name, (path, mode) in sorted(files.items()):
                add(archive, name, mode, content(strip, path))
    Path(out).write_bytes(whole.getvalue())


main()
