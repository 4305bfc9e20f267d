# shellcheck shell=bash disable=SC2154 # variables are shared with build, which sources this
# What keeps machines up to date: the Lab OS's stand-in for update-engine, and the real locksmith. And two updates for them.

build_engine() {
  for name in update_engine update_engine_client update_payload; do
    go_program $name "$provision/update-engine" ./cmd/$name 0 40
    cp "$program" "$work/$name.program"
  done
  # It asks the C library who is logged in.
  go_program locksmithctl "$provision/locksmith" github.com/flatcar-linux/locksmith/locksmithctl 40 100 cgo
  cp "$program" "$work/locksmithctl.program"
}

add_engine() {
  install -m 0755 "$work/update_engine.program" "$root/usr/sbin/update_engine"
  install -m 0755 "$work/update_engine_client.program" "$root/usr/bin/update_engine_client"
  install -m 0755 "$work/locksmithctl.program" "$root/usr/bin/locksmithctl"
  mkdir -p "$root/usr/lib/locksmith" "$root/usr/share/update_engine"
  # By this name it is the daemon.
  ln -s ../../bin/locksmithctl "$root/usr/lib/locksmith/locksmithd"
  "$work/update_payload.program" public --key "$(payload_key)" > "$root/usr/share/update_engine/update-payload-key.pub.pem"
}

# Updates are signed by a key of this computer, made once: machines take no others. Whoever has it can change every machine.
payload_key() {
  if [ ! -e "$cache/update-payload-key.pem" ]; then
    "$work/update_payload.program" key --out "$work/key.pem"
    mv "$work/key.pem" "$cache/update-payload-key.pem"
  fi
  echo "$cache/update-payload-key.pem"
}

# The first of --updates differs in its name alone. The second lacks a library that systemd needs: whoever boots it sees it fail.
make_updates() {
  [ -n "$updates" ] || return 0
  make_update "${updates%,*}"
  progress 50
  make_update "${updates#*,}" lib/x86_64-linux-gnu/systemd
  name_version "$version"
}

# make_update VERSION [WITHOUT]
make_update() {
  name_version "$1"
  squash "$work/update.squashfs" "${2:-}"
  "$work/update_payload.program" make --version "$1" --key "$(payload_key)" --out "$out/flatcar_production_update-$1.gz" "$work/update.squashfs"
}
