# Short names for tools/setup.sh and the presets of CMakePresets.json. `make demo` and `make test` also install and build.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup setup-tune setup-cuda build demo test bench lint format reference check-cuda asan tsan fuzz clean

# Parallel jobs: one per core, and at most one per 1.5 GB of free memory (compiling a file that includes LibTorch takes 1 GB).
JOBS ?= $(shell awk -v cores="$$(nproc)" '/^MemAvailable/ {jobs = int($$2 / 1500000)} END {print jobs < 1 ? 1 : jobs < cores ? jobs : cores}' /proc/meminfo)
# ccache fails when its folder is not writable.
ifeq ($(CCACHE_DIR)$(shell mkdir -p "$${XDG_CACHE_HOME:-$${HOME:-}/.cache}/ccache" 2>/dev/null && [ -w "$${XDG_CACHE_HOME:-$${HOME:-}/.cache}/ccache" ] && echo writable),)
export CCACHE_DIR := $(CURDIR)/.cache/ccache
endif
# Tests run in parallel, each with its own threads, so waiting threads must sleep.
# The number of tests over all files is printed at the end, also when one failed.
run_tests = rm -rf $(2)/test-results; failed=0; OMP_WAIT_POLICY=passive ctest --preset $(1) -j $(JOBS) || failed=$$?; \
  python3 tools/count_tests.py $(2) && exit $$failed
sources = git ls-files -co --exclude-standard -z -- 'src/*.h' 'src/*.cpp' 'tests/*.h' 'tests/*.cpp' 'bench/*.cpp'

help: ## show this list
	@awk -F ':.*## ' '/^[a-z ]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: ## install missing dependencies: Debian packages, .venv, wheels
	@tools/setup.sh

setup-tune: ## install the Python packages of `retort tune` into .venv-tune
	@tools/setup_tune.sh

setup-cuda: ## install the libraries of --device cuda into .venv (1.7 GB to download)
	@tools/setup_cuda.sh

build: setup ## build the program: build/retort
	@cmake --preset release
	@cmake --build --preset release -j $(JOBS) --target retort

demo: build ## make a small question-answering data set, fine-tune, evaluate, answer questions (two minutes after the build)
	@build/retort demo

test: setup ## build everything and run all tests
	@cmake --preset release
	@cmake --build --preset release -j $(JOBS)
	@$(call run_tests,release,build)

bench: build ## a short benchmark against other programs; [PEER_PYTHON=peers/bin/python] [BENCH_DATA=folder] [VOCAB_FILE=vocab.txt]: bench/README.md
	@python3 bench/compare_training.py --steps 4 --rounds 2
	@python3 bench/compare_inference.py --steps 8 --rounds 2
	@if [ "$$(nproc)" -gt 1 ]; then python3 bench/compare_threads.py --threads 2 --steps 4 --rounds 2; fi

lint: ## check formatting and the order of the layers
	@$(sources) | xargs -0 clang-format --dry-run -Werror
	@python3 tools/check_layers.py

format: ## format the sources with clang-format
	@$(sources) | xargs -0 clang-format -i

reference: build ## write docs/reference from the command table
	@build/retort reference --output_dir docs/reference

check-cuda: build ## load the CUDA part of the program with every symbol resolved, on a card or without one (231 MB to download)
	@cmake --build --preset release -j $(JOBS) --target check_cuda
	@tools/check_cuda.sh

asan tsan: setup ## run all tests under AddressSanitizer and UBSan, or ThreadSanitizer
	@cmake --preset $@
	@cmake --build --preset $@ -j $(JOBS)
	@$(call run_tests,$@,build-$@)

FUZZ_SECONDS ?= 300
fuzz: setup ## fuzz every file parser with clang's libFuzzer: [FUZZ_SECONDS=300] for each of [FUZZ_TARGETS="squad text"]
	@python3 tools/fuzz.py --seconds $(FUZZ_SECONDS) --jobs $(JOBS) $(FUZZ_TARGETS)

clean: ## remove the build folders, keep .venv
	@rm -rf build build-dev build-asan build-tsan build-fuzz
