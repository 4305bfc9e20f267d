# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with build, which sources this
# Debian packages to a root file system. Sourced by build; leaves the tree in $work/root.
# The tree as Debian's packages leave it is cached under a hash of the package list and the pins.

rootfs_key() { key "$here/packages.list" "$here/packages.pinned" "$here/rootfs.sh"; }

make_rootfs() {
  tree=$cache/rootfs-$(rootfs_key).tar.zst
  if [ ! -e "$tree" ]; then
    install_packages "$tree"
  fi
  mkdir "$work/root"
  # Device nodes are the kernel's to make, in the machine; here only root outside a user namespace could.
  tar -C "$work/root" --zstd --numeric-owner --exclude='./dev/*' -xf "$tree"
}

install_packages() {
  mkdir -p "$cache/debs"
  mode=unshare
  [ "$(id -u)" -eq 0 ] && mode=root
  total=$(wc -l < "$here/packages.pinned")
  [ "$total" -gt 0 ] || total=210

  write_pins

  # No initial RAM disk of Debian's (INITRD=No): ours is made in initrd.sh. Paths nobody looks at in a lab are never unpacked.
  # shellcheck disable=SC2046 # sources are words
  INITRD=No mmdebstrap --verbose --mode=$mode --variant=essential --format=tar \
    --include="$(packages | paste -sd ,)" \
    --aptopt='Apt::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/gpu/*' --dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/media/*' \
    --dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/net/wireless/*' --dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/infiniband/*' \
    --dpkgopt='path-exclude=/lib/modules/*/kernel/sound/*' \
    --skip=download/empty --skip=essential/unlink \
    --setup-hook="mkdir -p \"\$1/etc/apt/preferences.d\"; cp $work/pins \"\$1/etc/apt/preferences.d/pins\"" \
    --setup-hook="mkdir -p \"\$1/var/cache/apt/archives\"; cp -l $cache/debs/*.deb \"\$1/var/cache/apt/archives/\" 2> /dev/null || true" \
    --customize-hook="cp -u \"\$1\"/var/cache/apt/archives/*.deb $cache/debs/ 2> /dev/null || true" \
    bookworm "$work/rootfs.tar" $(mirror_arguments) 2>&1 | count_packages "$total" ||
    fail "The Debian packages could not be installed; the lines above say why." \
      "Without a network, build once with one: packages are kept in $cache/debs."

  [ -s "$work/rootfs.tar" ] || fail "mmdebstrap made no file system; the lines above say why."
  zstd -q -3 -T0 --rm "$work/rootfs.tar" -o "$1.part"
  mv "$1.part" "$1"
}

# A Debian bookworm host knows its mirror; elsewhere mmdebstrap's own default serves.
mirror_arguments() {
  # shellcheck disable=SC1091
  if [ "$(. /etc/os-release && echo "$VERSION_CODENAME")" != bookworm ]; then return; fi
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list.d/debian.list; do
    if [ -s "$file" ]; then
      echo "$file"
      return
    fi
  done
}

# Pins as apt preferences: a pinned version is taken while the mirror has it, and another one when it is gone.
write_pins() {
  sed -n 's/^\([^=]*\)=\(.*\)$/Package: \1\nPin: version \2\nPin-Priority: 1001\n/p' "$here/packages.pinned" > "$work/pins"
}

# Turns apt's "Unpacking … / Setting up …" into progress, and passes everything on to the log.
count_packages() {
  awk -v total="$1" -v step="$step_name" -v i="$step_index" -v n="$steps_total" -v label="$step_label" '
    { print > "/dev/stderr" }
    /^(Unpacking|Setting up) / {
      percent = int(++seen * 50 / total); if (percent > 99) percent = 99
      if (percent != last) { printf "{\"step\":\"%s\",\"index\":%d,\"steps\":%d,\"label\":\"%s\",\"percent\":%d}\n", step, i, n, label, percent; fflush(); last = percent }
    }' >&3
}

# The packages of packages.list, one a line.
packages() {
  sed 's/#.*//' "$here/packages.list" | tr -s ' ' '\n' | sed '/^$/d'
}
