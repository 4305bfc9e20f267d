# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with build, which sources this
# The disk image: partitions as on Flatcar, GRUB for BIOS machines, /usr in slot A. Sourced by build. Needs no root and no loop device.

usr_type=5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6
sector=512

make_disk() {
  disk=$work/disk.raw
  truncate -s 1200M "$disk"
  # number:start:size:type:label, sizes in MiB. Numbers and labels are Flatcar's; ROOT comes last and grows on first boot.
  sgdisk --clear --disk-guid=7a6f3c1e-0c0b-4f6a-9b7e-0a5c1ab00001 \
    --new=1:1M:+96M --typecode=1:ef00 --change-name=1:EFI-SYSTEM --partition-guid=1:7a6f3c1e-0c0b-4f6a-9b7e-0a5c1ab00011 \
    --new=2:97M:+2M --typecode=2:ef02 --change-name=2:BIOS-BOOT --partition-guid=2:7a6f3c1e-0c0b-4f6a-9b7e-0a5c1ab00012 \
    --new=3:100M:+256M --typecode=3:$usr_type --change-name=3:USR-A --partition-guid=3:7130c94a-213a-4e5a-8e26-6cce9662f132 \
    --new=4:356M:+256M --typecode=4:$usr_type --change-name=4:USR-B --partition-guid=4:e03dd35c-7c2d-4a47-b3fe-27f15780a57c \
    --new=6:612M:+16M --typecode=6:8300 --change-name=6:OEM --partition-guid=6:7a6f3c1e-0c0b-4f6a-9b7e-0a5c1ab00016 \
    --new=9:628M:0 --typecode=9:8300 --change-name=9:ROOT --partition-guid=9:7a6f3c1e-0c0b-4f6a-9b7e-0a5c1ab00019 \
    "$disk" > /dev/null
  cgpt add -i 3 -P 2 -T 0 -S 1 "$disk"
  cgpt add -i 4 -P 1 -T 0 -S 0 "$disk"

  slot_size=$(stat -c %s "$work/usr.squashfs")
  [ "$slot_size" -le $((256 * 1024 * 1024)) ] || fail "/usr has grown to $slot_size bytes and does not fit its slot of 256 MiB."
  place "$work/usr.squashfs" 100
  make_boot_partition
  make_file_system OEM 16 ext4 "$work/empty" && place "$work/OEM.img" 612
  make_file_system ROOT 571 ext4 "$work/empty" && place "$work/ROOT.img" 628
  install_grub
  qemu-img convert -f raw -O qcow2 "$disk" "$out/flatcar_production_qemu_image.img"
}

# place FILE MIB: writes a partition's content, holes kept.
place() {
  dd if="$1" of="$disk" bs=1M seek="$2" conv=notrunc,sparse status=none
}

# make_file_system LABEL MIB TYPE FOLDER
make_file_system() {
  mkdir -p "$work/empty"
  truncate -s "$2M" "$work/$1.img"
  mke2fs -q -t "$3" -L "$1" -U "$(uuid_of "$1")" -E "hash_seed=$(uuid_of "$1"),lazy_itable_init=1,lazy_journal_init=1" -d "$4" "$work/$1.img"
}

uuid_of() { printf '%s' "labos-$1" | md5sum | sed 's/^\(.\{8\}\)\(.\{4\}\)\(.\{4\}\)\(.\{4\}\)\(.\{12\}\).*/\1-\2-\3-\4-\5/'; }

# ext2, because a boot loader writes into it without a journal.
make_boot_partition() {
  boot=$work/boot
  mkdir -p "$boot/flatcar" "$boot/grub"
  cp "$work/vmlinuz" "$boot/flatcar/vmlinuz-a"
  cp "$work/initrd.img" "$boot/flatcar/initrd.img"
  cp "$here/boot/grub.cfg" "$boot/grub/"
  make_file_system EFI-SYSTEM 96 ext2 "$boot"
  place "$work/EFI-SYSTEM.img" 1
}

# What grub-bios-setup does on a mounted disk, by hand: boot.img into the MBR, core.img into BIOS-BOOT, each told where the next is.
install_grub() {
  grub=/usr/lib/grub/i386-pc
  core=$work/core.img
  start=$((97 * 1024 * 1024 / sector))
  grub-mkimage -O i386-pc -p '(hd0,gpt1)/grub' -o "$core" biosdisk part_gpt ext2 linux normal echo serial terminal reboot sleep
  sectors=$((($(stat -c %s "$core") + sector - 1) / sector))
  dd if="$grub/boot.img" of="$disk" bs=1 count=440 conv=notrunc status=none
  bytes 8 $start | dd of="$disk" bs=1 seek=$((0x5c)) conv=notrunc status=none
  printf '\220\220' | dd of="$disk" bs=1 seek=$((0x66)) conv=notrunc status=none
  dd if="$core" of="$disk" bs=$sector seek=$start conv=notrunc status=none
  bytes 8 $((start + 1)) | dd of="$disk" bs=1 seek=$((start * sector + 0x1f4)) conv=notrunc status=none
  bytes 2 $((sectors - 1)) | dd of="$disk" bs=1 seek=$((start * sector + 0x1fc)) conv=notrunc status=none
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
