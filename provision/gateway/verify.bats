#!/usr/bin/env bats
# The acceptance test of the provisioner: what lesson 2 relies on.

@test "bats is installed" {
  command -v bats
}

@test "the scripts and the shared folder are here" {
  [ -x "$HOME/provision/gateway/masquerade" ]
  [ -d "$HOME/shared" ]
}

@test "one card is the uplink, another has an address in the private network" {
  uplink=$(ip -oneline route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)
  [ -n "$uplink" ]
  ip -oneline -4 address show | grep -v " $uplink " | grep -v ' lo ' | grep -q 'scope global'
}

@test "the kernel forwards packets" {
  [ "$(cat /proc/sys/net/ipv4/ip_forward)" -eq 1 ]
}

@test "forwarding is set again at boot" {
  grep -qx 'net.ipv4.ip_forward = 1' /etc/sysctl.d/50-coreos-lab.conf
}

@test "masquerading is on" {
  sudo nft list table ip coreos-lab | grep -q masquerade
}

@test "masquerading is set again at boot" {
  systemctl is-enabled --quiet coreos-lab-masquerade.service
}

@test "the container engine works" {
  docker info > /dev/null
}
