# shellcheck shell=bash disable=SC2154 # variables are shared with build, which sources this
# Mayu from its Go module. go.mod and go.sum say which sources, to the byte. The program is cached under a hash of both and of Go's
# version; modules and object files are not kept, for they are thirty times as big.

check_go() {
  go_version=$(go env GOVERSION 2> /dev/null) || refuse "Mayu is written in Go, and Go does not work here: the command \"go env\" fails." \
    "Install Debian's: sudo apt-get install --no-install-recommends golang-go"
  minor=${go_version#go1.}
  minor=${minor%%[!0-9]*}
  [ "${minor:-0}" -ge 19 ] || refuse "Go 1.19 or newer is needed to build Mayu, and this is $go_version." \
    "Install a newer Go, or take an archive that was built elsewhere: coreos-lab mayu fetch URL-OR-FILE --sha256 CHECKSUM"
}

build_mayu() {
  program=$cache/mayu-$({ cat "$here/go.mod" "$here/go.sum" "$here/go.sh"; echo "$go_version"; } | sha256sum | cut -c 1-16)
  if [ ! -e "$program" ]; then
    compile "$program" || fail "Mayu could not be built; the lines above say why." \
      "Its sources come from Go's module proxy ($(go env GOPROXY)): is the network there?"
  fi
  cp "$program" "$root/mayu"
}

# What the user's module cache has is taken from there first. go.sum holds whatever comes, and from wherever, to its checksums.
compile() (
  proxy=file://$(go env GOMODCACHE)/cache/download,$(go env GOPROXY)
  export CGO_ENABLED=0 GOOS=linux GOARCH=amd64 GOAMD64=v1 GO111MODULE=on GOTOOLCHAIN=local GOWORK=off GOENV=off
  export GOFLAGS='-mod=readonly -modcacherw -buildvcs=false' GOPROXY=$proxy GOMODCACHE=$work/modules GOCACHE=$work/objects
  cd "$here" || return
  packages=$(go list -deps github.com/giantswarm/mayu 2> >(count 'go: downloading' 60 0 40) | wc -l) || return
  go build -v -trimpath -ldflags '-s -w -buildid=' -o "$work/mayu" github.com/giantswarm/mayu 2> >(count . "$packages" 40 100) &&
    "$work/mayu" version && mv "$work/mayu" "$1"
)

# count PATTERN TOTAL FROM TO: lines that match become progress from FROM to TO percent; all are passed on to the log.
count() {
  awk -v pattern="$1" -v total="$2" -v from="$3" -v to="$4" -v step="$step_name" -v i="$step_index" -v n="$steps_total" -v label="$step_label" '
    { print > "/dev/stderr" }
    $0 ~ pattern {
      share = ++seen / total; if (share > 1) share = 1
      percent = int(from + share * (to - from))
      if (percent != last) { printf "{\"step\":\"%s\",\"index\":%d,\"steps\":%d,\"label\":\"%s\",\"percent\":%d}\n", step, i, n, label, percent; fflush(); last = percent }
    }' >&3
}
