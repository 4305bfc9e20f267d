# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with build, which sources this
# The initial RAM disk: busybox, the modules that find the disk, cgpt for the slots, and our init. Sourced by build.

make_initrd() {
  tree=$work/initrd
  mkdir -p "$tree"/bin "$tree"/sbin "$tree"/dev "$tree"/proc "$tree"/sys "$tree"/run "$tree"/etc "$tree"/lib/labos "$tree"/usr/bin "$tree"/usr/sbin
  cp "$root/usr/bin/busybox" "$tree/bin/busybox"
  cp "$here/initrd/init" "$tree/init"
  cp "$here/initrd/slots" "$here/initrd/root" "$here/initrd/ignition" "$here/initrd/udhcpc" "$tree/lib/labos/"
  chmod 0755 "$tree/init" "$tree/lib/labos/udhcpc"
  echo "$version" > "$tree/etc/labos-version"
  add_program cgpt
  add_program e2fsck
  add_modules

  pack "$tree" | zstd -q -9 -T0 > "$work/initrd.img"
}

# A program of the system with the libraries it is linked with.
add_program() {
  file=$(chroot "$root" /bin/sh -c "PATH=/usr/sbin:/usr/bin command -v $1")
  install -D "$root/$file" "$tree/usr/bin/$1"
  chroot "$root" ldd "$file" | grep -o '/[^ ]*' | while read -r library; do
    install -D "$root/$(readlink -f "$root/$library" | sed "s|^$root||")" "$tree/$library"
  done
}

add_modules() {
  for module in $(sed 's/#.*//' "$here/initrd/modules.list"); do
    chroot "$root" modprobe --show-depends --set-version "$version_of_kernel" "$module" 2> /dev/null
  done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u | while read -r file; do
    install -D -m 0644 "$root/$file" "$tree/$file"
  done
  sed 's/#.*//' "$here/initrd/modules.list" | tr -s ' ' '\n' | sed '/^$/d' > "$tree/etc/modules"
  cp "$root/usr/lib/modules/$version_of_kernel/modules.order" "$root/usr/lib/modules/$version_of_kernel/modules.builtin" \
    "$tree/lib/modules/$version_of_kernel/"
  depmod -b "$tree" "$version_of_kernel"
}

# A folder as a cpio archive: names sorted, times and owners fixed, so that the same input gives the same bytes.
pack() {
  find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  (cd "$1" && find . -mindepth 1 | LC_ALL=C sort | cpio --quiet --reproducible --owner=0:0 -o -H newc)
}

# What a network boot loads: the same initial RAM disk, with /usr beside it and the checksum that /usr must have when it is installed.
# The squashfs is compressed already.
make_pxe_initrd() {
  mkdir "$work/pxe"
  ln "$work/usr.squashfs" "$work/pxe/usr.squashfs"
  sha256sum < "$work/usr.squashfs" | cut -d' ' -f1 > "$work/pxe/usr.sha256"
  {
    cat "$work/initrd.img"
    # An archive that follows another begins at a multiple of four bytes.
    head -c $(((4 - $(stat -c %s "$work/initrd.img") % 4) % 4)) /dev/zero
    pack "$work/pxe"
  } > "$out/flatcar_production_pxe_image.cpio.gz"
}
