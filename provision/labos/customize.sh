# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with build, which sources this
# A Debian tree to the Lab OS. Sourced by build; changes $work/root, then moves everything but /usr into /usr/share/labos.

customize() {
  root=$work/root
  version_of_kernel=$(basename "$root"/usr/lib/modules/*)
  cp "$root/boot/vmlinuz-$version_of_kernel" "$work/vmlinuz"
  chroot_query > "$work/packages.txt"

  prune_modules
  add_user_core
  add_engine
  # With root's ownership and plain modes, whoever checked the files out and with whatever umask.
  tar -C "$here/overlay" --owner=0 --group=0 --mode='u=rwX,go=rX' -c . | tar -C "$root" -x
  write_release
  choose_units
  prune_tree
  move_under_usr
}

chroot_query() {
  dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${Package}=${Version}\n' | LC_ALL=C sort
}

# Keeps what modules.keep names and what that depends on.
prune_modules() {
  modules=$root/usr/lib/modules/$version_of_kernel
  mkdir "$work/kept"
  sed 's/#.*//' "$here/modules.keep" | tr -s ' ' '\n' | sed '/^$/d' | while read -r path; do
    (cd "$modules/kernel" && find "$path" -name '*.ko' 2> /dev/null)
  done | sort -u > "$work/keep.wanted"
  # modules.dep lists, after the colon, all that a module needs, directly or not.
  awk -F: -v list="$work/keep.wanted" '
    BEGIN { while ((getline line < list) > 0) want["kernel/" line] = 1 }
    ($1 in want) { print $1; n = split($2, need, " "); for (i = 1; i <= n; i++) print need[i] }' \
    "$modules/modules.dep" | sort -u > "$work/keep.all"
  (cd "$modules" && tar -cf - -T "$work/keep.all") | tar -C "$work/kept" -xf -
  rm -rf "$modules/kernel"
  mv "$work/kept/kernel" "$modules/kernel"
  depmod -b "$root" "$version_of_kernel"
}

# As on Flatcar: user and group 500, sudo without a password, no password to log in with (ssh keys come with Ignition).
add_user_core() {
  chroot "$root" groupadd --gid 500 core
  chroot "$root" useradd --uid 500 --gid core --groups sudo --create-home --shell /bin/bash --password '*' core
}

# name_version VERSION: what /usr says it is.
name_version() {
  cat > "$root/usr/lib/os-release" << RELEASE
NAME="Lab OS"
ID=labos
ID_LIKE=debian
VERSION="$1"
VERSION_ID=$1
PRETTY_NAME="Lab OS $1 (a stand-in for Flatcar Container Linux, built from Debian)"
RELEASE
  mkdir -p "$root/usr/share/flatcar"
  printf 'FLATCAR_RELEASE_VERSION=%s\nFLATCAR_RELEASE_BOARD=amd64-usr\n' "$1" > "$root/usr/share/flatcar/release"
}

write_release() {
  rm -f "$root/etc/os-release" "$root/usr/lib/os-release"
  name_version "$version"
  ln -s ../usr/lib/os-release "$root/etc/os-release"
  : > "$root/etc/machine-id"
  rm -f "$root/etc/hostname" "$root"/etc/ssh/ssh_host_*
  ln -sfn ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
}

# Debian starts name resolution before anything else, and ssh after the network. On a slow machine that is a third of the boot;
# sshd listens on any address, and the resolver can come when somebody can ask it something.
reorder_units() {
  units=$root/usr/lib/systemd/system
  sed -e '/^Before=/d' -e 's/^After=.*/After=ssh.service/' -e 's/^DefaultDependencies=no/Wants=dbus.socket/' \
    -e 's/^WantedBy=.*/WantedBy=multi-user.target/' "$units/systemd-resolved.service" > "$root/etc/systemd/system/systemd-resolved.service"
  sed -e 's/^After=network.target.*/After=labos-host-key.service/' "$units/ssh.service" > "$root/etc/systemd/system/ssh.service"
}

# What a machine of the lab runs, and what only costs time at boot: users, catalogues and caches are in the image already, and nobody asks for
# the file systems. Each of these is a program or two, which three emulated machines that boot at once feel.
choose_units() {
  rm -f "$root/etc/systemd/system/sysinit.target.wants/systemd-resolved.service" "$root/etc/systemd/system/dbus-org.freedesktop.resolve1.service"
  reorder_units
  chroot "$root" systemctl --quiet enable systemd-networkd systemd-resolved ssh serial-getty@ttyS0 \
    labos-ready labos-host-key labos-grow-root labos-autologin update-engine locksmithd 2> /dev/null
  chroot "$root" systemctl --quiet disable etcd systemd-networkd-wait-online 2> /dev/null || true
  for unit in e2scrub_reap.service e2scrub_all.timer apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
    fstrim.timer podman-auto-update.timer podman-auto-update.service podman-restart.service podman.service podman.socket \
    systemd-pstore.service systemd-networkd-wait-online.service getty@tty1.service \
    systemd-firstboot.service systemd-repart.service systemd-sysusers.service systemd-hwdb-update.service systemd-update-utmp.service \
    systemd-journal-catalog-update.service systemd-update-done.service ldconfig.service \
    modprobe@configfs.service modprobe@dm_mod.service modprobe@drm.service modprobe@efi_pstore.service modprobe@fuse.service modprobe@loop.service \
    sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount dev-hugepages.mount dev-mqueue.mount; do
    ln -sfn /dev/null "$root/etc/systemd/system/$unit"
  done
}

prune_tree() {
  rm -rf "$root"/usr/share/doc "$root"/usr/share/man "$root"/usr/share/info "$root"/usr/share/locale "$root"/usr/share/bash-completion \
    "$root"/usr/share/zsh "$root"/usr/share/fish "$root"/usr/share/lintian "$root"/usr/share/bug "$root"/usr/share/initramfs-tools \
    "$root"/usr/lib/udev/hwdb.bin "$root"/usr/lib/udev/hwdb.d "$root"/usr/lib/x86_64-linux-gnu/gconv "$root"/usr/share/perl \
    "$root"/usr/lib/x86_64-linux-gnu/perl "$root"/usr/lib/x86_64-linux-gnu/libperl.so.* "$root"/usr/lib/x86_64-linux-gnu/*.a \
    "$root"/usr/bin/perl* "$root"/usr/bin/ignition-validate "$root"/usr/share/debconf "$root"/usr/lib/systemd/boot
  rm -rf "$root"/var/lib/apt "$root"/var/lib/dpkg "$root"/var/cache/* "$root"/var/log/* "$root"/var/backups "$root"/var/lib/ucf \
    "$root"/etc/apt "$root"/etc/initramfs-tools "$root"/etc/kernel "$root"/etc/udev/hwdb.bin
}

# /usr is all that the image holds. /etc becomes the lower half of an overlay; home, root and var are copied at first boot.
move_under_usr() {
  share=$root/usr/share/labos
  mkdir -p "$share/root" "$share/tests"
  mv "$root/etc" "$share/etc"
  mv "$root/home" "$root/root" "$root/var" "$share/root/"
  cp "$here"/tests/*.bats "$share/tests/"
}

# squash FILE [WITHOUT]: /usr as it is now, in a file; WITHOUT is a path in it that is left out.
squash() {
  mksquashfs "$root/usr" "$1" -comp zstd -Xcompression-level 9 -noappend -no-progress -quiet ${2:+-e "$2"} > /dev/null
}
