#!/bin/sh
# Lesson 1 without the lab: the same image, Ignition config, scripts and checks, driven by qemu, ssh and rsync alone.
# usage: bare-lesson.sh DIRECTORY BASE-IMAGE LAB-DIRECTORY
# DIRECTORY has the lesson's blocks in order: 01.bash, 02.bats, 03.sync …; the lab's key and Ignition config are reused.
set -eu
directory=$1 base=$2 lab=$3
port=${BARE_PORT:-2299}
ignition=$lab/ignition/core-provisioner.ign
key=$lab/keys/id_ed25519

qemu-img create -q -f qcow2 -F qcow2 -b "$base" "$directory/disk.qcow2" 8G
qemu-system-x86_64 -name bare -machine pc -accel tcg,tb-size=128 -cpu max -m 1024 -smp 1 -nodefaults -display none \
  -serial "file:$directory/console.log" -pidfile "$directory/pid" -daemonize \
  -fw_cfg "name=opt/com.coreos/config,file=$ignition" \
  -drive "file=$directory/disk.qcow2,if=virtio" \
  -netdev "user,id=up,hostfwd=tcp:127.0.0.1:$port-:22" \
  -device "virtio-net-pci,netdev=up,mac=${BARE_UPLINK_MAC:?},romfile=" \
  -netdev "hubport,id=priv,hubid=1" -device virtio-net-pci,netdev=priv,mac=08:00:27:8e:15:01,romfile=
trap 'kill "$(cat "$directory/pid")"' EXIT

# One connection for everything, as the lab has.
options="-i $key -p $port -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=5"
options="$options -o ControlMaster=auto -o ControlPath=$directory/ssh -o ControlPersist=60"
# shellcheck disable=SC2086 # options are words
on() { ssh $options core@127.0.0.1 "$@"; }

until on true 2> /dev/null; do sleep 0.2; done
for block in "$directory"/[0-9]*; do
  case $block in
    *.bash) on 'bash -euo pipefail -s' < "$block" ;;
    *.bats) on 'cat > check.bats && bats check.bats' < "$block" ;;
    *.sync)
      rsync -a -e "ssh $options" provision/ core@127.0.0.1:provision/
      rsync -a -e "ssh $options" shared/ core@127.0.0.1:shared/
      ;;
  esac
done
