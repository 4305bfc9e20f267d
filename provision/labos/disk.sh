# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with build, which sources this
# The disk image: partitions as on Flatcar, GRUB for BIOS machines, /usr in slot A. Sourced by build. Needs no root and no loop device.
# shellcheck source=overlay/usr/libexec/labos/disk-layout
. "$here/overlay/usr/libexec/labos/disk-layout"

# What a disk boots from, kept in /usr/boot as on Flatcar: flatcar-install and updates take it from there.
make_boot_files() {
  grub=/usr/lib/grub/i386-pc
  mkdir "$root/usr/boot"
  cp "$work/vmlinuz" "$work/initrd.img" "$here/boot/grub.cfg" "$grub/boot.img" "$root/usr/boot/"
  grub-mkimage -O i386-pc -p '(hd0,gpt1)/grub' -o "$root/usr/boot/core.img" biosdisk part_gpt ext2 linux normal echo serial terminal reboot sleep
  chain_boot_loader "$root/usr/boot"
  chmod 0644 "$root"/usr/boot/*
}

# What grub-bios-setup does on a mounted disk, by hand: boot.img is told where core.img will be, and core.img where it goes on.
chain_boot_loader() {
  start=$((bios_boot_at * 1024 * 1024 / 512))
  sectors=$((($(stat -c %s "$1/core.img") + 511) / 512))
  bytes 8 $start | dd of="$1/boot.img" bs=1 seek=$((0x5c)) conv=notrunc status=none
  printf '\220\220' | dd of="$1/boot.img" bs=1 seek=$((0x66)) conv=notrunc status=none
  bytes 8 $((start + 1)) | dd of="$1/core.img" bs=1 seek=$((0x1f4)) conv=notrunc status=none
  bytes 2 $((sectors - 1)) | dd of="$1/core.img" bs=1 seek=$((0x1fc)) conv=notrunc status=none
}

# bytes COUNT NUMBER: a number in little-endian bytes.
bytes() {
  value=$2
  for _ in $(seq "$1"); do
    # shellcheck disable=SC2059
    printf "\\$(printf '%03o' $((value & 255)))"
    value=$((value >> 8))
  done
}

make_disk() {
  disk=$work/disk.raw
  truncate -s 1200M "$disk"
  partition_disk "$disk"

  slot_bytes=$(stat -c %s "$work/usr.squashfs")
  [ "$slot_bytes" -le $((usr_size * 1024 * 1024)) ] || fail "/usr has grown to $slot_bytes bytes and does not fit its slot of $usr_size MiB."
  dd if="$work/usr.squashfs" of="$disk" bs=1M seek=$usr_a_at conv=notrunc,sparse status=none
  mkdir "$work/empty"
  put_boot_partition "$disk" "$root/usr/boot" "$work/boot"
  put_file_system "$disk" OEM 612 16 ext4 "$work/empty"
  put_file_system "$disk" ROOT $root_at 571 ext4 "$work/empty"
  put_boot_loader "$disk" "$root/usr/boot"
  qemu-img convert -f raw -O qcow2 "$disk" "$out/flatcar_production_qemu_image.img"
}
