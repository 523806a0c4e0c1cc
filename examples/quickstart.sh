#!/bin/bash
# The whole life of a gateway on one machine: installs what is missing, builds, runs
# examples/quickstart on a specification. Usage:
#   quickstart.sh [--keep] [--directory DIR] [SPECIFICATION]
# --keep leaves everything running and prints how to reach it; Ctrl-C ends it.
set -eu
# Paths among the arguments are the caller's.
arguments=()
for argument in "$@"; do
    test -e "$argument" && argument=$(realpath "$argument")
    arguments+=("$argument")
done
cd "$(dirname "$0")/.."
. examples/packages.sh

# shellcheck disable=SC2086  # lists of words
need_packages $BUILD_PACKAGES nginx-light openssl curl

if test ! -f build/build.ninja; then
    rm -rf build
    meson setup build >build.log 2>&1 || { cat build.log; exit 1; }
    rm -f build.log
fi
ninja -C build examples/quickstart examples/service_host examples/connector_host \
    examples/cmg-service.tar.gz >build/last.log ||
    { cat build/last.log; exit 1; }

# nginx in the run's directory needs no rights; the specification is checked first of all.
exec build/examples/quickstart --programs build/examples \
    --management-point examples/management_point.sh --directory build/quickstart-run \
    "${arguments[@]+"${arguments[@]}"}"
