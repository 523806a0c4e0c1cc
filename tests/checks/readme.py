"""The README's embedding examples are examples/embed.c and its sister in Python, letter for
letter, and every file it links to exists."""
import pathlib
import re
import sys

EXAMPLES = (("c", "examples/embed.c"), ("python", "bindings/python/examples/embed.py"))


def problems(root: pathlib.Path, text: str) -> list[str]:
    found = []
    for language, name in EXAMPLES:
        blocks = re.findall(rf"```{language}\n(.*?)```", text, re.S)
        if (root / name).read_text() not in blocks:
            found.append(f"README.md: the {language} example differs from {name}")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if not (root / target).exists():
            found.append(f"README.md: {target} does not exist")
    return found


def main() -> int:
    root = pathlib.Path(sys.argv[1])
    text = (root / "README.md").read_text()
    # The check must be able to fail.
    assert problems(root, text.replace("cmg_deploy_run", "cmg_deploy_walk"))
    assert problems(root, text.replace("deploy.run()", "deploy.walk()"))
    assert problems(root, text + "[x](no/such/file)")
    found = problems(root, text)
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
