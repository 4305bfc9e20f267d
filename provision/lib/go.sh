# shellcheck shell=bash disable=SC2154 # variables are shared with build, which sources this
# Programs in Go, from modules whose go.mod and go.sum say which sources, to the byte. A program is cached under a hash of them and of
# Go's version; modules and object files are not kept, for they are thirty times as big.

# check_go WHAT WAY-OUT: refuses where there is no Go that will do.
check_go() {
  go_version=$(go env GOVERSION 2> /dev/null) || refuse "$1 is written in Go, and Go does not work here: the command \"go env\" fails." \
    "Install Debian's: sudo apt-get install --no-install-recommends golang-go"
  minor=${go_version#go1.}
  minor=${minor%%[!0-9]*}
  [ "${minor:-0}" -ge 19 ] || refuse "Go 1.19 or newer is needed to build it ($1), and this is $go_version." "Install a newer Go, or $2"
}

# go_program NAME MODULE PACKAGE FROM TO [cgo]: $program is PACKAGE of the module in the folder MODULE, linked statically: built, or from
# the cache. Progress goes from FROM to TO percent.
go_program() {
  program=$cache/$1-$({ sources "$2"; echo "$(files_hash lib/go.sh) $go_version $3 ${6:-}"; } | sha256sum | cut -c 1-16)
  if [ ! -e "$program" ]; then
    compile "$@" || fail "$1 could not be built; the lines above say why." \
      "Its sources come from Go's module proxy ($(go env GOPROXY)): is the network there?"
    rm -f "$cache/$1"-????????????????
    mv "$work/$1" "$program"
  fi
  progress "$5"
}

# sources MODULE: a hash of each file that decides what a program is.
sources() (
  cd "$1" && find . -type f \( -name '*.go' -o -name go.mod -o -name go.sum \) ! -name '*_test.go' | LC_ALL=C sort | xargs sha256sum
)

# What the user's module cache has is taken from there first. go.sum holds whatever comes, and from wherever, to its checksums.
compile() (
  proxy=file://$(go env GOMODCACHE)/cache/download,$(go env GOPROXY)
  cgo=0 external=
  [ -z "${6:-}" ] || { cgo=1 external=' -linkmode external -extldflags -static'; }
  export CGO_ENABLED=$cgo GOOS=linux GOARCH=amd64 GOAMD64=v1 GO111MODULE=on GOTOOLCHAIN=local GOWORK=off GOENV=off
  export GOFLAGS='-mod=readonly -modcacherw -buildvcs=false -tags=netgo,osusergo' GOPROXY=$proxy GOMODCACHE=$work/modules GOCACHE=$work/objects
  half=$((($4 + $5) / 2))
  cd "$2" || return
  packages=$(go list -deps "$3" 2> >(count 'go: downloading' 60 "$4" $half) | wc -l) || return
  go build -v -trimpath -ldflags "-s -w -buildid=$external" -o "$work/$1" "$3" 2> >(count . "$packages" $half "$5")
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
