#!/usr/bin/env bash
# Installs what the build needs: Debian packages (as root; otherwise prints the one command to run and exits 2), a
# virtual environment in .venv, and the pinned wheels of requirements/. Does nothing, quickly, when nothing is missing.
# Reads $PYTHON (the interpreter to use; default: the first suitable one found). pip's own settings choose the package index.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(
  g++ make cmake ninja-build ccache
  libfmt-dev libspdlog-dev nlohmann-json3-dev libsimdjson-dev libutf8proc-dev libxxhash-dev
  libgloo-dev libhdf5-dev libdeflate-dev libbz2-dev libexpat1-dev
  libgtest-dev
)

# shellcheck source=tools/python_environment.sh
source tools/python_environment.sh

say() { printf 'setup: %s\n' "$*" >&2; }

# A package in the state "installed" (not merely known to dpkg).
is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

install_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say "this is not a Debian system: make sure that the equivalents of these packages are there: ${packages[*]}"
    return
  fi
  local missing=() package
  for package in "${packages[@]}"; do is_installed "$package" || missing+=("$package"); done
  environment_works .venv || find_python >/dev/null || missing+=(python3 python3-venv)
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    say "Debian packages are missing. Run this, then repeat your command:"
    printf 'sudo apt-get install -y %s\n' "${missing[*]}" >&2
    exit 2
  fi
  say "installing ${missing[*]}"
  local options=(-q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
  export DEBIAN_FRONTEND=noninteractive
  apt-get "${options[@]}" update >&2
  apt-get "${options[@]}" install --no-install-recommends "${missing[@]}" </dev/null >&2
}

mkdir -p .cache
exec 9>.cache/setup.lock
flock 9 # two set-ups at once: the second waits and then finds nothing missing
install_packages
make_environment .venv
install_wheels runtime
install_wheels test
