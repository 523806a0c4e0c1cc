"""What is installed can be used: a program outside the tree is compiled and linked with
nothing but pkg-config, for each of the two libraries, and runs. Nothing else is installed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import public

PROGRAMS = {
    "libcmg": """
#include <cmg/cmg.h>
int main(void)
{
    cmg_context *ctx = NULL;
    cmg_status rc = cmg_context_new(NULL, &ctx, NULL);
    cmg_context_unref(ctx);
    return rc == CMG_OK && cmg_version_number() == CMG_VERSION_NUMBER ? 0 : 1;
}
""",
    "libcmg-sandbox": """
#include <cmg/sandbox.h>
int main(void)
{
    cmg_sandbox *sandbox = NULL;
    cmg_error *err = NULL;
    const cmg_sandbox_settings settings = { .size = sizeof settings };
    cmg_status rc = cmg_sandbox_new(&settings, &sandbox, &err);
    int named = cmg_error_code(err) == rc && *cmg_error_message(err) != '\\0';
    cmg_error_unref(err);
    cmg_sandbox_unref(sandbox);
    return rc == CMG_E_INVAL && named ? 0 : 1;
}
""",
}
EXPECTED = re.compile(
    r"(include/cmg/\w+\.h|lib/[\w-]+/libcmg(-sandbox)?\.so(\.0(\.\d+\.\d+)?)?"
    r"|lib/[\w-]+/pkgconfig/libcmg(-sandbox)?\.pc)$")


def run(command: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A command's end and words."""
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


def use(stem: str, compiler: list[str], folder: Path, env: dict[str, str]) -> list[str]:
    """Compiles, links and runs the program of a library."""
    flags = run(["pkg-config", "--cflags", "--libs", stem], env)
    if flags.returncode:
        return [f"pkg-config {stem}: {flags.stderr}"]
    source, program = folder / f"{stem}.c", folder / stem
    source.write_text(PROGRAMS[stem], encoding="utf-8")
    built = run([*compiler, "-Wall", "-Werror", "-o", str(program), str(source),
                 *flags.stdout.split()], env)
    if built.returncode:
        return [f"{stem}: {built.stderr}"]
    done = run([str(program)], env)
    return [f"{stem}: the program ended with {done.returncode}"] if done.returncode else []


def main() -> None:
    """install.py ROOT BUILD COMPILER..."""
    root, build, compiler = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    with tempfile.TemporaryDirectory() as name:
        there = Path(name) / "there"
        done = run(["meson", "install", "-C", build, "--no-rebuild", "--destdir", str(there)],
                   dict(os.environ))
        prefix = next(there.rglob("include")).parent if done.returncode == 0 else there
        installed = [p.relative_to(prefix).as_posix() for p in there.rglob("*")
                     if not p.is_dir()]
        wrong = [done.stdout + done.stderr] if done.returncode else []
        wrong += [f"installed, but not wanted: {n}" for n in installed if not EXPECTED.match(n)]
        wrong += [f"not installed: {h}" for h in public.headers(root)
                  if f"include/cmg/{h}" not in installed]
        libraries = next(prefix.rglob("pkgconfig")).parent
        env = os.environ | {"PKG_CONFIG_PATH": str(libraries / "pkgconfig"),
                            "PKG_CONFIG_SYSROOT_DIR": str(there),
                            "LD_LIBRARY_PATH": str(libraries)}
        for stem in PROGRAMS:
            wrong += use(stem, compiler, Path(name), env)
    print("\n".join(wrong + [f"install: {len(installed)} files, {len(wrong)} complaint(s)"]))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
