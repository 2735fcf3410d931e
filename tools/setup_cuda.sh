#!/usr/bin/env bash
# Installs what --device cuda needs beside the set-up of `make setup`: requirements/cuda.txt into .venv, 1.7 GB to download. The driver
# is the machine's. Does nothing, quickly, when this very file is installed already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=tools/python_environment.sh
source tools/python_environment.sh

say() { printf 'setup-cuda: %s\n' "$*" >&2; }

mkdir -p .cache
exec 9>.cache/setup.lock
flock 9 # that of setup.sh: pip must not run twice in one environment
make_environment .venv
install_wheels runtime
install_wheels cuda
[ -e /dev/nvidiactl ] || [ -e /dev/dxg ] || say "the libraries are there, but this machine has no NVIDIA driver (/dev/nvidiactl)"
