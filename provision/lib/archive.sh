# shellcheck shell=bash disable=SC2154 # variables are shared with build, which sources this
# A container image as an archive that podman and docker load. The same input gives the same bytes: fixed times, sorted names, no owner but
# root.

epoch=1700000000

packed() { tar --format=ustar --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner -cf - "$@"; }

# make_archive NAME VERSION CONFIG: $root becomes $out/NAME.tar.zst, with a manifest beside it. CONFIG is how a container starts, in JSON.
# In a docker-archive manifest.json names the configuration and the one layer; an image's name is the checksum of its configuration.
make_archive() {
  mkdir "$work/image"
  packed -C "$root" . > "$work/image/layer.tar"
  layer=$(sha256sum < "$work/image/layer.tar" | cut -d' ' -f1)
  created=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)
  printf '{"architecture":"amd64","os":"linux","created":"%s","config":%s,"rootfs":{"type":"layers","diff_ids":["sha256:%s"]},"history":[{"created":"%s","created_by":"coreos-lab"}]}' \
    "$created" "$3" "$layer" "$created" > "$work/config.json"
  id=$(sha256sum < "$work/config.json" | cut -d' ' -f1)
  mv "$work/config.json" "$work/image/$id.json"
  mv "$work/image/layer.tar" "$work/image/$layer.tar"
  printf '[{"Config":"%s.json","RepoTags":["coreos-lab/%s:%s"],"Layers":["%s.tar"]}]' "$id" "$1" "$2" "$layer" > "$work/image/manifest.json"
  (cd "$work/image" && packed manifest.json "$id.json" "$layer.tar" > "$work/image.tar")
  progress 30
  zstd -q -9 -T0 "$work/image.tar" -o "$out/$1.tar.zst"
  printf '{"name":"%s","version":"%s","hash":"%s","files":[{"name":"%s.tar.zst","size":%d,"sha256":"%s"}]}\n' \
    "$1" "$2" "$(recipe_hash)" "$1" "$(stat -c %s "$out/$1.tar.zst")" "$(sha256sum < "$out/$1.tar.zst" | cut -d' ' -f1)" > "$out/manifest.json"
}
