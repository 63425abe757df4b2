#!/usr/bin/env bash
# Sets guide up in .venv (once) and runs it.
#   ./guide.sh build [...]   builds the packs below content/ (or those named)
#   ./guide.sh test [...]    runs the tests; arguments go to pytest
#   ./guide.sh ...           anything else goes to the guide command
set -euo pipefail

say() { printf 'guide.sh: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
caller=$PWD
venv=$here/.venv
python=$venv/bin/python
kind=run
[ "${1:-}" = test ] && kind=test

# The stamp says what the environment was made from; while it fits, there is nothing to do.
stamp_of() {
  cat "$here/requirements.lock" "$here/pyproject.toml" 2>/dev/null
  [ "$1" = test ] && cat "$here/requirements-test.lock"
  printf '%s' "$here"
}

fits() {
  [ -x "$python" ] && [ -f "$venv/.stamp-$1" ] && [ "$(stamp_of "$1" | cksum)" = "$(cat "$venv/.stamp-$1")" ]
}

find_python() {
  local name
  for name in python3.13 python3.12 python3.11 python3 python; do
    if command -v "$name" >/dev/null 2>&1 &&
      "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  die "Python 3.11, 3.12 or 3.13 is needed and was not found. Install it (Debian, Ubuntu: apt-get install python3; macOS: brew install python@3.12) and run this again."
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null 2>&1; then sudo "$@"
  else die "this needs administrator rights, and there is no sudo. Ask an administrator to run: $*"; fi
}

install_packages() { # what, apt, dnf, pacman, apk, zypper, brew
  local what=$1; shift
  if command -v apt-get >/dev/null 2>&1; then
    say "installing $what with apt-get: $1"
    # shellcheck disable=SC2086
    { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $1; } >/dev/null
  elif command -v dnf >/dev/null 2>&1; then say "installing $what with dnf: $2"; as_root dnf install -y -q $2 >&2
  elif command -v pacman >/dev/null 2>&1; then say "installing $what with pacman: $3"; as_root pacman -S --noconfirm --needed $3 >&2
  elif command -v apk >/dev/null 2>&1; then say "installing $what with apk: $4"; as_root apk add -q $4 >&2
  elif command -v zypper >/dev/null 2>&1; then say "installing $what with zypper: $5"; as_root zypper -q install -y $5 >&2
  elif command -v brew >/dev/null 2>&1; then say "installing $what with brew: $6"; brew install -q $6 >&2
  else die "$what is missing, and no package manager that I know was found. Install Pango (1.44 or later) and HarfBuzz with its subset library, then run this again."; fi
}

libraries_load() {
  "$1" - <<'PY' 2>/dev/null
import ctypes, ctypes.util, os, sys
def load(*names):
    for name in names:
        found = ctypes.util.find_library(name.split(".")[0].removeprefix("lib"))
        for candidate in filter(None, (found, name)):
            try:
                return ctypes.CDLL(candidate)
            except OSError:
                pass
    sys.exit(1)
load("libpango-1.0.so.0", "libpango-1.0.dylib") if sys.platform != "darwin" else load("libpango-1.0.dylib", "libpango-1.0.0.dylib")
load("libpangoft2-1.0.so.0") if sys.platform != "darwin" else load("libpangoft2-1.0.dylib", "libpangoft2-1.0.0.dylib")
load("libharfbuzz-subset.so.0") if sys.platform != "darwin" else load("libharfbuzz-subset.dylib", "libharfbuzz-subset.0.dylib")
PY
}

if [ "$(uname -s)" = Darwin ]; then
  for lib in /opt/homebrew/lib /usr/local/lib; do
    [ -d "$lib" ] && export DYLD_FALLBACK_LIBRARY_PATH="$lib${DYLD_FALLBACK_LIBRARY_PATH:+:$DYLD_FALLBACK_LIBRARY_PATH}"
  done
fi

set_up() {
  local found lock=$here/.venv.lock tries=0
  found=$(find_python)
  # Two runs at once must not make the same environment; the second waits for the first.
  until mkdir "$lock" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" = 1 ] && say "another run is setting up; waiting for it (if none is, delete $lock)"
    [ "$tries" -gt 600 ] && die "still waiting after 10 minutes; delete $lock if no other run is active"
    sleep 1
  done
  trap 'rmdir "$lock" 2>/dev/null || true' EXIT
  if ! fits "$kind"; then
    if ! libraries_load "$found"; then
      install_packages "Pango and the HarfBuzz subset library" \
        "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0" "pango harfbuzz" "pango harfbuzz" \
        "pango harfbuzz harfbuzz-subset" "libpango-1_0-0 libharfbuzz-subset0" "pango harfbuzz"
      libraries_load "$found" || die "Pango or libharfbuzz-subset still cannot be loaded. See README.md, Trouble."
    fi
    if ! { [ -x "$python" ] && "$python" -c 'import pip' 2>/dev/null; }; then
      say "making .venv with $("$found" --version 2>&1)"
      rm -rf "$venv"
      if ! "$found" -m venv "$venv" >/dev/null 2>&1; then
        rm -rf "$venv"
        install_packages "Python's venv module" "python3-venv" "python3" "python" "python3" "python3" "python"
        "$found" -m venv "$venv" || die "$found cannot make a virtual environment"
      fi
    fi
    rm -f "$venv"/.stamp-*
    say "installing the locked libraries ($kind)"
    "$python" -m pip install -q --disable-pip-version-check --require-hashes -r "$here/requirements.lock" >&2
    if [ "$kind" = test ]; then
      "$python" -m pip install -q --disable-pip-version-check --require-hashes -r "$here/requirements-test.lock" >&2
    fi
    "$python" -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e "$here" >&2
    # Compiled once here: PYTHONDONTWRITEBYTECODE would make every run compile guide anew.
    "$python" -m compileall -q "$here/guide" >/dev/null 2>&1 || true
    stamp_of run | cksum >"$venv/.stamp-run"
    [ "$kind" = test ] && stamp_of test | cksum >"$venv/.stamp-test"
    say "ready"
  fi
  rmdir "$lock" 2>/dev/null || true
  trap - EXIT
}

fits "$kind" || set_up

case "${1:-}" in
  test)
    shift
    cd "$here"
    # The whole suite by processes, a file by one of them: files share packs that are dear to build.
    # Half as many again as there are cores, because tests wait for printers, servers and signals.
    # In their own order: by number of tests, the few that take longest would come last, on one core.
    cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
    [ "$#" -gt 0 ] || set -- -n "$(((3 * cores + 1) / 2))" --dist loadfile --no-loadscope-reorder
    exec "$python" -m pytest "$@"
    ;;
  build)
    # Without a pack, those of this checkout, wherever the command is called from.
    if [ "$#" = 1 ] && [ ! -f "$caller/pack.yaml" ] && [ ! -d "$caller/content" ]; then cd "$here"; fi
    ;;
esac
# Hints name commands as they were typed: `./guide.sh build`.
GUIDE_CALLED=$0 exec "$venv/bin/guide" "$@"
