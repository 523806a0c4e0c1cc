#!/bin/bash
# Writes the ABI references and the golden list of constants anew, from a built tree. Run it
# only when a function or constant was added on purpose; the change is then reviewed as part
# of the commit. Before 1.0 it may also record a change, which belongs in NEWS.md.
# usage: tests/abi/update.sh [BUILD-DIRECTORY]
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build}
export PYTHONPATH=tests/checks:tests/abi PYTHONDONTWRITEBYTECODE=1
python3 tests/abi/constants.py . --update "${CC:-cc}"
python3 tests/abi/reference.py . libcmg "$build/libcmg/libcmg.so" --update
python3 tests/abi/reference.py . libcmg-sandbox "$build/libcmg/libcmg-sandbox.so" --update
git --no-pager diff --stat -- tests/abi || true
