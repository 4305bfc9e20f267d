# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with build, which sources this
# Shared by the build scripts: progress for the program that called, log lines for people, clear refusals.
# Progress is one JSON object a line on file descriptor 3 (the caller's standard output); everything else goes to stderr.

steps_total=6
step_index=0
step_name=

# step NAME LABEL: a new step begins.
step() {
  step_index=$((step_index + 1))
  step_name=$1
  step_label=$2
  progress 0
  echo "== $step_label" >&2
}

# progress PERCENT: how far the current step is.
progress() {
  printf '{"step":"%s","index":%d,"steps":%d,"label":"%s","percent":%d}\n' \
    "$step_name" "$step_index" "$steps_total" "$step_label" "$1" >&3
}

# refuse MESSAGE…: this host cannot build; exit code 2.
refuse() {
  printf '%s\n' "$@" >&2
  exit 2
}

# fail MESSAGE…: the build went wrong; exit code 1.
fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# key FILE…: a hash of the contents, the cache key of what is made from them.
key() {
  cat "$@" | sha256sum | cut -c 1-16
}

# files_hash FILE-OR-FOLDER…: a hash of names and contents, relative to the folder that holds the builds; READMEs and what only tests do not count.
files_hash() {
  (cd "$provision" && find "$@" -type f ! -name README.md ! -name test-image ! -name '*_test.go' ! -path '*/testdata/*' | LC_ALL=C sort | while read -r file; do
    printf '%s %s\n' "$file" "$(sha256sum < "$file")"
  done) | sha256sum | cut -c 1-64
}
