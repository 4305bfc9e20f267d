#!/usr/bin/env bats
# The contracts that the Lab OS keeps of Flatcar, asserted from inside the running system.

@test "os-release says what it is" {
  . /etc/os-release
  [ "$ID" = labos ]
  [ -n "$VERSION_ID" ]
  [[ "$PRETTY_NAME" == *"stand-in for Flatcar"* ]]
}

@test "user core has uid 500, bash and sudo without a password" {
  [ "$(id -u core)" -eq 500 ]
  [ "$(getent passwd core | cut -d: -f7)" = /bin/bash ]
  sudo -n true
}

@test "/usr is a read-only squashfs" {
  [ "$(findmnt -no FSTYPE /usr)" = squashfs ]
  ! sudo touch /usr/probe
}

@test "/usr belongs to root, whoever built the image" {
  [ -z "$(find /usr -xdev -path /usr/share/labos/root -prune -o ! -user root -print 2> /dev/null)" ]
}

@test "/etc and /var can be written" {
  sudo touch /etc/probe /var/probe
  sudo rm /etc/probe /var/probe
}

@test "/usr comes from a slot, and the partition table has two of them" {
  [ "$(findmnt -no FSTYPE /)" = ext4 ] || skip "booted from the network: no disk"
  source=$(rootdev -s /usr)
  [ "$(lsblk -no PARTLABEL "$source")" = USR-A ] || [ "$(lsblk -no PARTLABEL "$source")" = USR-B ]
  [ "$(lsblk -nro PARTLABEL | grep -c '^USR-[AB]$')" -eq 2 ]
}

@test "the partition table holds priority, tries and successful of a slot" {
  [ "$(findmnt -no FSTYPE /)" = ext4 ] || skip "booted from the network: no disk"
  disk=/dev/$(lsblk -no PKNAME "$(rootdev -s /usr)")
  [ "$(sudo cgpt show -i 3 -P "$disk")" -ge 1 ]
  [ "$(sudo cgpt show -i 3 -T "$disk")" -ge 0 ]
  [ "$(sudo cgpt show -i 3 -S "$disk")" -eq 1 ]
}

@test "ROOT has grown to fill the disk" {
  [ "$(findmnt -no FSTYPE /)" = ext4 ] || skip "booted from the network: no disk"
  for _ in $(seq 30); do
    [ "$(findmnt -bno SIZE /)" -gt 2000000000 ] && return
    sleep 1
  done
  false
}

@test "update.conf is where Flatcar has it" {
  grep -q '^GROUP=' /etc/flatcar/update.conf
}

@test "logind watches the power button" {
  sudo journalctl -b -u systemd-logind | grep 'Watching system buttons'
}

@test "no service has failed" {
  [ -z "$(systemctl list-units --failed --plain --no-legend)" ]
}

@test "networkd configures the cards, and names are resolved by resolved" {
  systemctl is-active systemd-networkd systemd-resolved
  grep -q '^nameserver 127.0.0.53' /etc/resolv.conf
}

@test "sshd has one host key, ed25519" {
  [ "$(ls /etc/ssh/ssh_host_*_key)" = /etc/ssh/ssh_host_ed25519_key ]
}

@test "docker runs a container made of local files" {
  folder=$(mktemp -d)
  mkdir "$folder/bin"
  cp /usr/bin/busybox "$folder/bin/"
  tar -C "$folder" -c . | docker import - probe:latest
  [ "$(docker run --rm --network none probe:latest /bin/busybox echo from inside)" = "from inside" ]
  docker rmi probe:latest
  rm -r "$folder"
}

@test "etcd answers on the v2 API" {
  folder=$(mktemp -d)
  etcd --data-dir "$folder" --enable-v2 --listen-client-urls http://127.0.0.1:23790 --advertise-client-urls http://127.0.0.1:23790 \
    --listen-peer-urls http://127.0.0.1:23800 > "$folder/log" 2>&1 3>&- &
  pid=$!
  for _ in $(seq 60); do
    curl -fs http://127.0.0.1:23790/health && break
    sleep 1
  done
  curl -fs -X PUT -d value=7 http://127.0.0.1:23790/v2/keys/probe
  curl -fs http://127.0.0.1:23790/v2/keys/probe | jq -e '.node.value == "7"'
  kill $pid
  rm -r "$folder"
}

@test "the tools that the lessons use are there" {
  for tool in bats rsync curl jq nft iptables cgpt sgdisk etcdctl ip ping tar zstd; do
    command -v $tool || return 1
  done
}

@test "the serial console has a shell with flatcar.autologin, a login prompt without" {
  if grep -qw flatcar.autologin /proc/cmdline; then unit=labos-autologin other=serial-getty@ttyS0
  else unit=serial-getty@ttyS0 other=labos-autologin; fi
  # It begins when the boot is over.
  for _ in $(seq 60); do systemctl -q is-active "$unit" && break; sleep 1; done
  systemctl is-active "$unit"
  # Nobody counts as logged in by it.
  [ -z "$(who)" ]
  ! systemctl -q is-active "$other"
}
