# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with start, which sources this
# Nebraska and PostgreSQL. They talk through a socket in a folder that only root gets at: the database has no network at all, and so needs no password.
title=Nebraska services='update-database update-server'
database=coreos-lab/postgresql:wanted server=coreos-lab/nebraska:wanted
have $database
have $server
mkdir -p "$home/nebraska"
chown root:root "$home" "$home/nebraska"
chmod 0700 "$home/nebraska"
mkdir -p "$home/nebraska/data" "$home/nebraska/socket"
# Nebraska runs as nobody, and does not start where it may not write.
chown 65534:65534 "$home/packages"

unit update-database "PostgreSQL, which Nebraska keeps all it knows in" \
  --net none --volume "$home/nebraska/data:/data" --volume "$home/nebraska/socket:/var/run/postgresql" \
  --env PGDATA=/data --env POSTGRES_DB=nebraska --env POSTGRES_HOST_AUTH_METHOD=trust $database -c listen_addresses=
# It listens on all addresses of the machine it thinks it has; only one of the provisioner's leads there.
unit update-server 'Nebraska: who gets which version, and when' \
  --publish "$PROVISIONER_IP:8000:8000" --volume "$home/nebraska/socket:/var/run/postgresql" --volume "$home/packages:/packages" \
  --env 'NEBRASKA_DB_URL=postgres://postgres@/nebraska?host=/var/run/postgresql' $server \
  /nebraska/nebraska -http-static-dir=/nebraska/static -auth-mode=noop \
  -host-flatcar-packages -flatcar-packages-path=/packages "-nebraska-url=http://$PROVISIONER_IP:8000"
