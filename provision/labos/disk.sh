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
  chmod 0644 "$root"/usr/boot/*
}

make_disk() {
  disk=$work/disk.raw
  truncate -s 1200M "$disk"
  partition_disk "$disk"

  slot_bytes=$(stat -c %s "$work/usr.squashfs")
  [ "$slot_bytes" -le $((usr_size * 1024 * 1024)) ] || fail "/usr has grown to $slot_bytes bytes and does not fit its slot of $usr_size MiB."
  dd if="$work/usr.squashfs" of="$disk" bs=1M seek=$usr_a_at conv=notrunc,sparse status=none
  mkdir "$work/empty"
  put_boot_partition "$disk" "$root/usr/boot"
  put_file_system "$disk" OEM 612 16 ext4 "$work/empty"
  put_file_system "$disk" ROOT $root_at 571 ext4 "$work/empty"
  put_boot_loader "$disk" "$root/usr/boot"
  qemu-img convert -f raw -O qcow2 "$disk" "$out/flatcar_production_qemu_image.img"
}
