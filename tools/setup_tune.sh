#!/usr/bin/env bash
# Installs what `retort tune` needs, requirements/tune.txt, into an environment of its own, .venv-tune. Does nothing, quickly, when
# this very file is installed already. Reads $PYTHON (the interpreter; default: the first suitable one found).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'setup-tune: %s\n' "$*" >&2; }

find_python() {
  local candidate
  for candidate in ${PYTHON:+"$PYTHON"} python3.11 python3.12 python3.13 python3 /usr/bin/python3; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  say "\`python3\` must be version 3.11 or newer with its \`venv\` module, but none was found; name one with PYTHON=/path/to/python3"
  exit 2
}

mkdir -p .cache
exec 9>.cache/setup-tune.lock
flock 9 # two set-ups at once: the second waits and then finds nothing missing
file=requirements/tune.txt stamp=.venv-tune/.installed-tune
wanted=$(sha256sum <"$file")
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && .venv-tune/bin/python -c '' 2>/dev/null; then exit; fi
rm -f "$stamp" 2>/dev/null || true
if ! .venv-tune/bin/python -c 'import pip' 2>/dev/null; then
  python=$(find_python)
  say "making .venv-tune with $("$python" --version)"
  "$python" -m venv --clear .venv-tune
fi
say "installing the packages of $file"
.venv-tune/bin/python -m pip install --quiet --no-input --disable-pip-version-check -r "$file" </dev/null >&2 || {
  say "\`$file\` must be installable, but pip failed (its message is above); check that the package index can be reached, then repeat"
  exit 2
}
printf '%s\n' "$wanted" >"$stamp"
