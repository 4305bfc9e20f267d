# shellcheck shell=bash disable=SC2154 # variables are shared with build, which sources this
# Debian packages, fetched and verified by the host's apt and unpacked without root: nothing of the host's own packages is used.

# Leaves each package of packages.pinned unpacked in $work/packages/NAME.
fetch_packages() {
  mkdir -p "$cache/debs" "$work/debs" "$work/packages"
  missing=$(cached_packages)
  # shellcheck disable=SC2086 # packages are words
  [ -z "$missing" ] || download $missing
  for package in $(cut -d= -f1 "$here/packages.pinned"); do
    dpkg-deb -x "$work/debs/$package"_*.deb "$work/packages/$package" || {
      rm -f "$cache/debs/$package"_*.deb
      fail "The package $package is damaged; it is removed from $cache/debs. Run the command again to fetch it anew."
    }
  done
}

# Links the pinned packages that are in this cache, or in that of the Lab OS, which has many of the same; prints names of the others.
cached_packages() {
  while IFS='=' read -r package pin; do
    for folder in "$cache/debs" "$cache/../labos-build/debs"; do
      for deb in "$folder/${package}_${pin/:/%3a}"_*.deb; do
        [ ! -s "$deb" ] || { ln "$deb" "$work/debs/" 2> /dev/null || cp "$deb" "$work/debs/"; continue 3; }
      done
    done
    echo "$package"
  done < "$here/packages.pinned"
}

# apt with directories of its own, and the same sources and pins as the build of the Lab OS; settings such as a proxy are the host's.
download() {
  apt=$work/apt
  mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/sources"
  : > "$apt/status"
  write_pins
  sources=$(mirror_arguments)
  if [ -n "$sources" ]; then
    case $sources in *.sources) cp "$sources" "$apt/sources/" ;; *) cp "$sources" "$apt/sources/debian.list" ;; esac
  else
    # Another Debian or Ubuntu: the mirror that mmdebstrap, which builds the Lab OS, takes by default.
    mirror=${DEBIAN_MIRROR:-$(grep -oE 'https?://[a-z.]+/debian\b' "$(command -v mmdebstrap)" | sed -n 1p)}
    [ -n "$mirror" ] || refuse "This computer does not say where Debian's packages are: it is not Debian 12." \
      "Set DEBIAN_MIRROR to the address of a mirror of Debian, and run the command again."
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main" > "$apt/sources/debian.list"
  fi
  {
    printf '%s "%s";\n' Dir::State::status "$apt/status" Dir::State::lists "$apt/lists" Dir::Cache "$apt" \
      Dir::Etc::sourcelist /dev/null Dir::Etc::sourceparts "$apt/sources" Dir::Etc::preferences "$work/pins" Dir::Etc::preferencesparts /dev/null \
      APT::Architecture amd64 APT::Sandbox::User '' Acquire::Languages none
    echo 'APT::Architectures { "amd64"; };'
  } > "$apt/apt.conf"
  export APT_CONFIG=$apt/apt.conf
  apt-get -q update || no_packages
  progress 40
  mkdir "$work/new"
  (cd "$work/new" && apt-get -q download "$@") || no_packages
  for deb in "$work"/new/*.deb; do
    grep -qxF "$(dpkg-deb -W --showformat='${Package}=${Version}' "$deb")" "$here/packages.pinned" ||
      echo "$(basename "$deb"): not the version of packages.pinned, which the mirror has no longer"
  done
  cp "$work"/new/*.deb "$work/debs/"
  mv "$work"/new/*.deb "$cache/debs/"
}

no_packages() {
  fail "The Debian packages could not be fetched; the lines above say why." \
    "Without a network, build once with one: packages are kept in $cache/debs."
}
