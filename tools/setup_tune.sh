#!/usr/bin/env bash
# Installs what `retort tune` needs, requirements/tune.txt, into an environment of its own, .venv-tune. Does nothing, quickly, when
# this very file is installed already. Reads $PYTHON (the interpreter; default: the first suitable one found).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=tools/python_environment.sh
source tools/python_environment.sh

say() { printf 'setup-tune: %s\n' "$*" >&2; }

mkdir -p .cache
exec 9>.cache/setup-tune.lock
flock 9 # two set-ups at once: the second waits and then finds nothing missing
file=requirements/tune.txt stamp=.venv-tune/.installed-tune
wanted=$(sha256sum <"$file")
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && .venv-tune/bin/python -c '' 2>/dev/null; then exit; fi
rm -f "$stamp" 2>/dev/null || true
make_environment .venv-tune
say "installing the packages of $file"
.venv-tune/bin/python -m pip install --quiet --no-input --disable-pip-version-check -r "$file" </dev/null >&2 || {
  say "\`$file\` must be installable, but pip failed (its message is above); check that the package index can be reached, then repeat"
  exit 2
}
printf '%s\n' "$wanted" >"$stamp"
