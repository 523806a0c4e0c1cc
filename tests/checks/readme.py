"""The README's embedding example is examples/embed.c, letter for letter, and every file it
links to exists."""
import pathlib
import re
import sys


def problems(root: pathlib.Path, text: str) -> list[str]:
    found = []
    blocks = re.findall(r"```c\n(.*?)```", text, re.S)
    embed = (root / "examples/embed.c").read_text()
    if embed not in blocks:
        found.append("README.md: the C example differs from examples/embed.c")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if not (root / target).exists():
            found.append(f"README.md: {target} does not exist")
    return found


def main() -> int:
    root = pathlib.Path(sys.argv[1])
    text = (root / "README.md").read_text()
    # The check must be able to fail.
    assert problems(root, text.replace("cmg_deploy_run", "cmg_deploy_walk"))
    assert problems(root, text + "[x](no/such/file)")
    found = problems(root, text)
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
