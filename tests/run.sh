#!/bin/bash
# Installs what is missing, builds with warnings as errors, runs every suite, then the unit
# and flow suites again under AddressSanitizer and UndefinedBehaviorSanitizer. The last line
# is "N passed, N failed, N skipped"; the exit status is 0 when nothing failed. --peers:
# the suite with clients of other makers too, which are heavy and else skipped.
set -u
cd "$(dirname "$0")/.." || exit 2
. examples/packages.sh

TEST_PACKAGES="check abigail-tools doxygen clang-format-14 mypy python3 python3-pytest
    openssl curl nginx-light pebble python3-cryptography-vectors
    openjdk-17-jre-headless libnss3-tools apache2-bin libapache2-mod-auth-gssapi
    gss-ntlmssp krb5-kdc krb5-admin-server krb5-user python3-jsonschema"
PEER_PACKAGES="python3-msal azure-cli"
STRICT="-Dwerror=true"
# Instrumented code makes gcc warn of what cannot happen; the strict build has judged it.
# Optimized less it compiles in half the time; -g1 has the lines that a report shows.
SANITIZED="-Db_sanitize=address,undefined -Db_lundef=false -Dwerror=false
    -Doptimization=1 -Dc_args=-g1"
# What hangs is ended; what waits its turn is not.
CK_TIMEOUT_MULTIPLIER=3
export CK_TIMEOUT_MULTIPLIER
# What takes a minute or more as it is runs there only by hand.
SUITES_SANITIZED="--suite unit --suite flow --suite fuzz-corpus --no-suite long"
logs=""
broken=0

# build FOLDER OPTION...: configures once, then only compiles.
build() {
    local folder=$1
    shift
    if test ! -f "$folder/build.ninja"; then
        rm -rf "$folder"
        meson setup "$folder" -Dtests=enabled "$@" >"$folder.log" 2>&1 ||
            { cat "$folder.log"; return 1; }
        rm -f "$folder.log"
    else
        meson configure "$folder" -Dtests=enabled "$@"
    fi
    ninja --quiet -C "$folder"
}

# stage TITLE FOLDER AT-ONCE SUITES OPTIONS: builds and tests; what failed is counted at the end.
stage() {
    echo "== $1"
    # shellcheck disable=SC2086  # options are words
    if build "$2" $5; then
        rm -f "$2/meson-logs/testlog.json"
        meson test -C "$2" --no-rebuild --print-errorlogs --timeout-multiplier 3 \
            --num-processes "$3" $4
        logs="$logs $2/meson-logs/testlog.json"
    else
        echo "error: $2 does not build" >&2
        broken=$((broken + 1))
    fi
}

# The clients from npm, pinned; without them their tests are skipped, which is no pass.
install_npm_peers() {
    mkdir -p build-peers
    if ! cmp -s tests/peers/package-lock.json build-peers/installed.json; then
        cp tests/peers/package.json tests/peers/package-lock.json tests/peers/.npmrc build-peers
        (cd build-peers && npm ci --no-audit --no-fund) &&
            cp tests/peers/package-lock.json build-peers/installed.json || {
            echo "error: the clients from npm cannot be installed" >&2
            broken=$((broken + 1))
        }
    fi
}

case "$*" in
"") PEER_PACKAGES="" ;;
--peers)
    export CMG_PEERS=1
    # Where Node comes from elsewhere, its npm does too.
    command -v npm >/dev/null || PEER_PACKAGES="$PEER_PACKAGES nodejs npm"
    ;;
*) echo "usage: tests/run.sh [--peers]" >&2; exit 2 ;;
esac
# shellcheck disable=SC2086  # lists of words
need_packages $BUILD_PACKAGES $TEST_PACKAGES $PEER_PACKAGES || exit 2
test -z "$PEER_PACKAGES" || install_npm_peers
export ASAN_OPTIONS="abort_on_error=0:detect_stack_use_after_return=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"

# Many tests wait for a clock, a port or another process; instrumented ones do not.
processors=$(nproc)
stage "all suites" build $((2 * processors)) "" "$STRICT"
stage "under sanitizers" build-asan "$processors" "$SUITES_SANITIZED" "$SANITIZED"
# shellcheck disable=SC2086  # lists of words
exec python3 tests/summary.py "$broken" $logs
