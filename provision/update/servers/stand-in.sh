# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with start, which sources this
# The lab's own update server: one program, one file of state.
title='The update server' services=update-server
# The version that updates fetch brings.
image=coreos-lab/update-server:1.0.0
have $image
# The container's user.
chown 999:999 "$home" "$home/packages"
unit update-server 'Update server: who gets which version, and when' \
  --net host --volume "$home:$home" $image -listen "$PROVISIONER_IP:8000" -home "$home"

# Where Nebraska ran before.
if [ -e "$units/update-database.service" ]; then
  systemctl disable --quiet --now update-database.service
  rm "$units/update-database.service"
fi
