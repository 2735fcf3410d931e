#!/usr/bin/env bash
# Runs in a folder that tools/pack_program.sh made, on a machine with an NVIDIA card, in two calls of at most ten minutes:
#
#   bash run.sh 1   what the machine is; the checks of the device library; the same answers on the card and the processor;
#                   transformers beside retort: BERT-base on SQuAD, batch 8, 32 and 128, in eager, graph and lazy
#   bash run.sh 2   MiniLM-L6 on 20,000 questions of SQuAD to its F1; a run that is killed and resumed equals one that is not, bit for bit
#
# Results go to $OUT (default: ./results): one log for each part and summary.txt. A part that fails or runs out of its time does not stop
# those after it; the exit code is then 1. $PYTHON is the Python with torch and transformers (default: python3); $DEVICE another device
# than cuda: with DEVICE=cpu QUICK=1 everything runs in small on a processor, which is how this script was tested.
# It was not run on a card.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
part=${1:-}
out=${OUT:-$here/results} python=${PYTHON:-python3} device=${DEVICE:-cuda} quick=${QUICK:-}
[ "$part" = step ] || [ "$part" = 1 ] || [ "$part" = 2 ] || { echo "usage: bash run.sh 1|2" >&2; exit 2; }
mkdir -p "$out"
failures=0
[ -d "$here/card" ] || "$python" -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' "$here/card.tar.xz" "$here" || exit 2
cd "$here/card" || exit 1

# step NAME SECONDS COMMAND...: runs it, a function of this file or a program, with a limit and notes how it ended.
step() {
  local name=$1 seconds=$2 code=0 begin=$SECONDS left=$((580 - SECONDS)) # the call has ten minutes
  shift 2
  [ "$seconds" -le "$left" ] || seconds=$((left > 1 ? left : 1))
  echo "== $name" >&2
  timeout -k 10 "$seconds" bash "$here/$(basename "$0")" step "$@" >"$out/$name.log" 2>&1 || code=$?
  printf '%-20s exit %d after %d s\n' "$name" "$code" "$((SECONDS - begin))" | tee -a "$out/summary.txt"
  tail -n 4 "$out/$name.log" | cut -c 1-400 >&2
  [ "$code" = 0 ] || failures=$((failures + 1))
}

describe_machine() {
  nvidia-smi || true
  ldd --version | head -1
  echo "the program needs at least $(cat glibc.txt)"
  "$python" -c 'import torch, transformers; print("torch", torch.__version__, "transformers", transformers.__version__, "CUDA", torch.version.cuda)'
}

# Where the system's C++ library is too old, the packed one is used.
find_compiler_libraries() {
  local missing
  rm -f .needs-compiler-libraries
  missing=$(LD_LIBRARY_PATH=lib ldd program/* 2>&1 | grep -E '(GLIBCXX|CXXABI|GCC)_[0-9.]+. not found')
  [ -z "$missing" ] || { touch .needs-compiler-libraries && echo "$missing"; }
  ./retort version
}

unpack_data() {
  [ -d data ] || return 0
  for file in data/*.json.xz; do
    [ -e "${file%.xz}" ] || "$python" -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.argv[1]), open(sys.argv[2], "wb"))' "$file" "${file%.xz}"
  done
}

# The hidden states of some sequences, in float32, on the card and on the processor.
compare_answers() {
  local on
  "$python" -c 'import json, random
random.seed(1)
for length in (3, 17, 128, 500): print(json.dumps({"input_ids": [101, *(random.randrange(1000, 30000) for _ in range(length - 2)), 102]}))' \
    >"$out/sequences.jsonl"
  for on in cpu "$device"; do
    ./retort forward --model model --input "$out/sequences.jsonl" --output "$out/states-$on.safetensors" --precision fp32 --device "$on" || return
  done
  "$python" - "$out/states-cpu.safetensors" "$out/states-$device.safetensors" <<'COMPARE'
import sys
from safetensors.torch import load_file
cpu, card = (load_file(name) for name in sys.argv[1:])
assert cpu and cpu.keys() == card.keys(), (cpu.keys(), card.keys())
difference = max(float((cpu[name] - card[name]).abs().max()) for name in cpu)
print("tensors", len(cpu), "largest difference", difference)
assert difference < 1e-3
COMPARE
}

compare_speed() {
  local data=() size=(--size bert-base --batches 8,32,128 --steps 20 --rounds 2)
  [ -d data ] && data=(--data_dir data --vocab_file data/vocab.txt)
  [ -n "$quick" ] && size=(--size minilm --batches 8 --steps 2 --rounds 1)
  "$python" bench/compare_device.py --retort ./retort --peer_python "$python" --device "$device" "${data[@]}" "${size[@]}" --markdown "$out/speed.md"
}

squad_files=(--train_file data/train-v1.1.json --dev_file data/dev-v1.1.json)
[ "$part" != 2 ] || [ -d data ] || { echo "the folder must hold SQuAD for part 2, but does not; pack it with --data" >&2; exit 2; }

finetune_to_f1() {
  local few=()
  [ -n "$quick" ] && few=(--max_train_examples 200 --max_eval_examples 100 --max_steps 4)
  ./retort finetune squad --config configs/squad-minilm-l6-20k.json --model model "${squad_files[@]}" --output_dir "$out/squad" --overwrite_output_dir \
    --device "$device" "${few[@]}"
  local code=$?
  rm -rf "$out"/squad/checkpoint* "$out"/squad/*.safetensors
  return $code
}

short_run() {
  ./retort finetune squad --config configs/squad-minilm-l6-20k.json --model model "${squad_files[@]:0:2}" --max_train_examples 4000 \
    --max_steps "$steps" --save_steps "$((steps / 3))" --logging_steps 5 --device "$device" "$@"
}

# Kills a run after its first checkpoint and resumes it: the weights are those of a run that was left alone.
kill_and_resume() {
  steps=120
  [ -n "$quick" ] && steps=6
  rm -rf "$out/whole" "$out/killed"
  short_run --output_dir "$out/whole" || return
  short_run --output_dir "$out/killed" &
  local pid=$!
  while kill -0 "$pid" 2>/dev/null && ! compgen -G "$out/killed/checkpoint*" >/dev/null; do sleep 0.2; done
  kill -9 "$pid" $(pgrep -P "$pid") 2>/dev/null && echo "killed after the first checkpoint"
  wait "$pid" 2>/dev/null
  sleep 1
  short_run --output_dir "$out/killed" --resume || return
  cmp "$out/whole/model.safetensors" "$out/killed/model.safetensors" && echo "the same bits"
  local code=$?
  rm -rf "$out/whole" "$out/killed"
  return $code
}

export PYTHON="$python"

if [ "$part" = step ]; then # one step, in a process of its own that can be ended
  "${@:2}"
  exit
fi
step libraries 30 find_compiler_libraries
step data 60 unpack_data
if [ "$part" = 1 ]; then
  step machine 60 describe_machine
  step device_checks 120 ./check_cuda
  step answers 120 compare_answers
  step speed 420 compare_speed
else
  step squad_20k 360 finetune_to_f1
  step kill_and_resume 180 kill_and_resume
fi
cat "$out/summary.txt"
[ "$failures" = 0 ]
