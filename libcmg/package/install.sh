#!/bin/sh
# Makes a machine ready for the service of this package: install.sh ROOT. Run as often as
# wanted. Under another root than / files are put in place and nothing is started.
set -eu

root=${1:-/}
here=$(dirname "$0")
test "$root" = / && root=""

# Debian's own, so that Debian's updates mend them.
need_packages() {
    missing=""
    while read -r name; do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' ||
            missing="$missing $name"
    done <"$here/needs"
    test -z "$missing" && return 0
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q update
    # shellcheck disable=SC2086  # a list of words
    apt-get -q -y --no-install-recommends install $missing
}

put() {
    install -D -m "$1" "$here/$2" "$root$3"
}

put 0755 cmg-package /usr/local/sbin/cmg-package
put 0755 cmg-certificate /usr/local/sbin/cmg-certificate
for unit in cmg-service.service cmg-certificate.service cmg-certificate.timer \
    cmg-package.service cmg-package.timer; do
    put 0644 "$unit" "/etc/systemd/system/$unit"
done
test -z "$root" || exit 0

need_packages
id cmg >/dev/null 2>&1 ||
    useradd --system --user-group --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin cmg
systemctl daemon-reload
systemctl enable --quiet --now cmg-certificate.timer cmg-package.timer
systemctl enable --quiet cmg-service.service
