"""Functions that the library does not call at all, or only in one home.

A call is a name followed by "(" that is neither a member (a->free(), a.free()) nor the
name of the function being defined or declared in a table of the library's own.
"""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import csource
import house

# Unbounded, not thread-safe, dependent on the environment, or ending the host's process.
NOWHERE = (
    "strcpy stpcpy strcat sprintf vsprintf gets strtok strtok_r atoi atol atoll atof strtol "
    "strtoul strtoll strtoull strtod strtof strtold strtoimax strtoumax sscanf scanf fscanf "
    "rand srand random srandom drand48 system popen getenv secure_getenv setenv putenv "
    "unsetenv printf vprintf puts putchar perror localtime localtime_r gmtime ctime asctime "
    "alloca setjmp longjmp exit _exit abort signal sigaction strerror tmpnam mktemp"
).split()
HOMES = {
    "base/alloc.c": "malloc calloc realloc reallocarray free strdup strndup asprintf "
                    "vasprintf aligned_alloc posix_memalign",
    "base/env*.c": "open openat creat fopen fdopen rename renameat unlink mkdir rmdir "
                   "fsync fdatasync flock lockf clock_gettime gettimeofday time getrandom "
                   "getentropy mkstemp opendir",
    "net/*.c": "socket socketpair connect bind listen accept accept4 getaddrinfo "
               "gethostbyname setsockopt getsockname poll epoll_wait select fork execve "
               "execv execvp posix_spawn waitpid kill",
}
_CALL = r"(?<![\w.>\"])({})\s*\("


def _rules() -> list[tuple[re.Pattern[str], str]]:
    rules = [(re.compile(_CALL.format("|".join(NOWHERE))), "")]
    for home, names in HOMES.items():
        rules.append((re.compile(_CALL.format("|".join(names.split()))), home))
    return rules


def check(root: Path) -> list[str]:
    """Every banned call in libcmg/."""
    complaints = []
    rules = _rules()
    for path in house.files(root, ("libcmg",), (".c", ".h")):
        name = house.relative(root, path)
        text = csource.code_only(path.read_text(encoding="utf-8"))
        for pattern, home in rules:
            if home and fnmatch(name.removeprefix("libcmg/"), home):
                continue
            for match in pattern.finditer(text):
                where = f"only in {home}" if home else "banned"
                line = text.count("\n", 0, match.start()) + 1
                complaints.append(f"{name}:{line}: {match.group(1)}() is {where}")
    return complaints


BAD = {
    "strcpy": {"libcmg/base/a.c": "void f(char *a)\n{\n    strcpy(a, b);\n}\n"},
    "printf": {"libcmg/net/a.c": "void f(void)\n{\n    printf (\"x\");\n}\n"},
    "malloc outside its home": {"libcmg/model/a.c": "x = malloc(3);\n"},
    "a clock outside its home": {"libcmg/deploy/a.c": "clock_gettime(0, &t);\n"},
    "a socket outside net": {"libcmg/relay/a.c": "int fd = socket(1, 2, 3);\n"},
    "abort": {"libcmg/base/alloc.c": "abort();\n"},
}
GOOD = {
    "libcmg/base/alloc.c": "void *f(void)\n{\n    return malloc(3);\n}\n",
    "libcmg/net/a.c": "/* printf(x) */\nvoid f(void)\n{\n    a->free(b);\n    a.open(\"printf(\");\n"
                      "    socket(1, 2, 3);\n    my_strcpy(a);\n}\n",
}

if __name__ == "__main__":
    house.main(check, BAD, GOOD)
