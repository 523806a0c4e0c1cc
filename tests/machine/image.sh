#!/bin/bash
# Makes the disk of a Debian 12 as a cloud has it: systemd, cloud-init, and nothing that the
# service package needs. image.sh FOLDER, as root; makes disk.img, vmlinuz and initrd there.
set -eu

folder=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$folder/root
mkdir -p "$folder"

if test ! -f "$folder/root.done"; then
    rm -rf "$root"
    debootstrap --variant=minbase --include=ca-certificates bookworm "$root"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
        --no-install-recommends install systemd systemd-sysv dbus udev cloud-init \
        linux-image-cloud-amd64 locales python3
    touch "$folder/root.done"
fi
cat >"$root/etc/systemd/network/20-any.network" <<'END'
[Match]
Name=en* eth*
[Network]
DHCP=yes
END
echo 'datasource_list: [ NoCloud ]' >"$root/etc/cloud/cloud.cfg.d/99_source.cfg"
echo 'network: {config: disabled}' >"$root/etc/cloud/cloud.cfg.d/98_network.cfg"
echo 'nameserver 169.254.169.253' >"$root/etc/resolv.conf"
install -m 0755 "$here/agent.py" "$root/usr/local/sbin/agent"
cat >"$root/etc/systemd/system/agent.service" <<'END'
[Unit]
Wants=network-online.target
After=network-online.target
[Service]
ExecStart=/usr/local/sbin/agent
Restart=always
[Install]
WantedBy=multi-user.target
END
chroot "$root" systemctl enable --quiet agent systemd-networkd
cp "$root"/boot/vmlinuz-* "$folder/vmlinuz"
cp "$root"/boot/initrd.img-* "$folder/initrd"
rm -f "$folder/disk.img"
truncate -s 3G "$folder/disk.img"
mke2fs -q -F -t ext4 -L root -d "$root" "$folder/disk.img"
