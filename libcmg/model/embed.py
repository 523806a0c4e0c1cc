"""Makes a C array of a document: embed.py NAME document array.c

JSON is checked and written compactly, so a mistake in it stops the build; other text stays
as it is.
"""

import json
import sys

name, source, target = sys.argv[1:]
with open(source, encoding="utf-8") as file:
    text = file.read()
if source.endswith(".json"):
    text = json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=True)
data = text.encode("ascii")
rows = [data[i : i + 16] for i in range(0, len(data), 16)]
with open(target, "w", encoding="ascii") as file:
    file.write(f"/* Made of a document by embed.py. */\n#include \"model/{name}.h\"\n\n")
    file.write(f"const char cmg__{name}[] = {{\n")
    for row in rows:
        file.write("    " + ", ".join(str(byte) for byte in row) + ",\n")
    file.write(f"    0,\n}};\nconst size_t cmg__{name}_len = sizeof cmg__{name} - 1;\n")
