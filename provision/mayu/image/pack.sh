# shellcheck shell=bash disable=SC2154 # variables are shared with build, which sources this
# The files of the image.

# take PACKAGE PATH [TO]: a file of a package, symbolic links followed.
take() {
  mkdir -p "$root/$(dirname "${3:-$2}")"
  cp -L "$work/packages/$1/$2" "$root/${3:-$2}"
}

fill_root() {
  mkdir -p "$root"/{bin,dev,etc,proc,root,run,sys,usr/bin,usr/sbin,usr/share/git-core/templates,var/empty,var/lib/mayu,var/lib/misc} \
    "$root"/usr/lib/mayu/{fileserver,files,images,templates,tftproot} "$root"/{lib,lib64}
  mkdir -m 1777 "$root/tmp"
  ln -s ../run "$root/var/run"
  take dnsmasq-base usr/sbin/dnsmasq
  take git usr/bin/git
  take busybox-static bin/busybox
  take ipxe usr/lib/ipxe/undionly.kpxe usr/lib/mayu/tftproot/undionly.kpxe
  take ipxe boot/ipxe.efi usr/lib/mayu/tftproot/ipxe.efi
  "$root/bin/busybox" --list | while read -r applet; do
    [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
  done
  take_libraries
  printf '%s\n' root:x:0:0:root:/root:/bin/sh dnsmasq:x:100:65534::/:/bin/false nobody:x:65534:65534:nobody:/:/bin/false > "$root/etc/passwd"
  printf '%s\n' root:x:0: dip:x:30: nogroup:x:65534: > "$root/etc/group"
  echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
  notices
  find "$root" -type d -exec chmod u=rwx,go=rx {} + -o -type f ! -perm /111 -exec chmod 644 {} + -o -type f -perm /111 -exec chmod 755 {} +
  chmod 1777 "$root/tmp"
}

# All that the loader says dnsmasq and git need, out of the packages and never out of the host.
take_libraries() {
  path=$(find "$work/packages" -type d -path '*/x86_64-linux-gnu' -printf '%p:')
  take libc6 lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 lib64/ld-linux-x86-64.so.2
  for program in usr/sbin/dnsmasq usr/bin/git; do
    "$root/lib64/ld-linux-x86-64.so.2" --inhibit-cache --library-path "${path%:}" --list "$root/$program" > "$work/libraries"
    awk '$2 == "=>" && $3 ~ /^\// { print $1, $3 }' "$work/libraries" | while read -r name file; do
      case $file in
        "$work"/packages/*) mkdir -p "$root/lib/x86_64-linux-gnu" && cp -L "$file" "$root/lib/x86_64-linux-gnu/$name" ;;
        "$root"/*) ;;
        *) fail "The library $name, which $program needs, is in no package of packages.pinned." ;;
      esac
    done
  done
}

# What its authors want said goes with each part.
notices() {
  for package in "$work"/packages/*; do
    name=$(basename "$package")
    mkdir -p "$root/usr/share/doc/$name"
    cp -L "$package/usr/share/doc/$name/copyright" "$root/usr/share/doc/$name/copyright"
  done
  mkdir -p "$root/usr/share/doc/mayu"
  printf '%s\n' "Mayu $version, https://github.com/giantswarm/mayu, Apache License 2.0." \
    'Built unchanged from its Go module; go.mod in this folder names the modules that are part of it.' > "$root/usr/share/doc/mayu/copyright"
  cp "$here/go.mod" "$root/usr/share/doc/mayu/go.mod"
}
