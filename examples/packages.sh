# shellcheck shell=bash disable=SC2034
# Sourced by examples/quickstart.sh and tests/run.sh: installs what is missing from
# Debian's packages, and nothing when nothing is missing.

BUILD_PACKAGES="build-essential meson ninja-build pkg-config libcurl4-openssl-dev
    libmbedtls-dev libjansson-dev libuv1-dev libnghttp2-dev"

package_is_installed() {
    test "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed
}

# need_packages PACKAGE...: returns 0 when all are there in the end.
need_packages() {
    local missing="" package
    if ! command -v dpkg-query >/dev/null; then
        echo "note: no dpkg here; these Debian packages or their like are needed: $*" >&2
        return 0
    fi
    for package in "$@"; do
        package_is_installed "$package" || missing="$missing $package"
    done
    test -n "$missing" || return 0
    echo "installing$missing"
    local root=""
    if test "$(id -u)" -ne 0; then
        if ! command -v sudo >/dev/null; then
            echo "error: packages are missing, and neither root nor sudo is at hand" >&2
            echo "  remedy: as root, run: apt-get install$missing" >&2
            return 1
        fi
        root=sudo
    fi
    # shellcheck disable=SC2086  # lists of words
    $root env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
        $root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
            --no-install-recommends $missing
}
