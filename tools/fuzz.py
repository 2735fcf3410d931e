#!/usr/bin/env python3
"""Builds the fuzz targets with clang and runs each for some seconds over a copy of its corpus.

In:  tests/fuzz/corpus/<target>/ and, as more seeds, the fixtures of the same kinds of file.
Out: a table: inputs tried, seconds, inputs kept, covered edges of the parsers, findings. build-fuzz/corpus/<target>/ keeps new
     inputs for the next run; build-fuzz/findings/<target>/ holds the log and the inputs of findings. Exit code 1 when there are some.
Why: parsers read files from elsewhere, and fuzzing tries inputs that no test author thinks of.

A finding is a crash, a report of AddressSanitizer or UndefinedBehaviorSanitizer, an exception other than UserError, a property that
does not hold, an input that takes more than 10 seconds, 256 MB in one allocation or 1 GB in total. A target stops at its first finding.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build-fuzz"
CORPUS = ROOT / "tests" / "fuzz" / "corpus"
FIXTURES = ROOT / "tests" / "fixtures"
MORE_SEEDS = {
    "json_lines": ["glue/hub/*/*.jsonl"],
    "model_config": ["parity/models/*/config.json"],
    "parquet": ["glue/hub/*/*.parquet"],
    "safetensors": ["checkpoint/*.safetensors"],
    "torch_file": ["checkpoint/*.pt", "checkpoint/*.bin", "checkpoint/hostile/*"],
}
LIMITS = ["-timeout=10", "-rss_limit_mb=1024", "-malloc_limit_mb=256", "-print_final_stats=1"]
# The HDF5 library (1.10) leaks some bytes of damaged files, and asks for as much memory as they claim, which it may not get.
OWN_LIMITS = {"instances": ["-detect_leaks=0", "-malloc_limit_mb=0"]}
ENVIRONMENT = {"ASAN_OPTIONS": "quarantine_size_mb=16:allocator_may_return_null=1", "ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"}
PROBE = "#include <cstddef>\n#include <cstdint>\nextern \"C\" int LLVMFuzzerTestOneInput(const uint8_t*, size_t) { return 0; }\n"


def has_clang():
    """Whether clang++ can make a libFuzzer program with both sanitizers."""
    if not shutil.which("clang++"):
        return False
    command = ["clang++", "-x", "c++", "-fsanitize=fuzzer,address,undefined", "-o", "/dev/null", "-"]
    return subprocess.run(command, input=PROBE, text=True, capture_output=True, check=False).returncode == 0


def build(jobs, targets):
    subprocess.run(["cmake", "--preset", "fuzz"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    names = [f"fuzz_{target}" for target in targets]
    subprocess.run(["cmake", "--build", "--preset", "fuzz", "-j", str(jobs), "--target", *names], cwd=ROOT, check=True)


def gather_seeds(target):
    """Copies the seeds into the folder that libFuzzer reads and extends, and returns it."""
    kept = BUILD / "corpus" / target
    kept.mkdir(parents=True, exist_ok=True)
    seeds = [path for pattern in MORE_SEEDS.get(target, []) for path in FIXTURES.glob(pattern)]
    for path in [*(CORPUS / target).iterdir(), *seeds]:
        if path.is_file():
            shutil.copyfile(path, kept / "-".join(path.relative_to(ROOT / "tests").parts[1:]))
    return kept


def run(target, seconds):
    """Runs one target; returns its row of the table."""
    findings = BUILD / "findings" / target
    shutil.rmtree(findings, ignore_errors=True)
    findings.mkdir(parents=True)
    command = [BUILD / "tests" / "fuzz" / f"fuzz_{target}", gather_seeds(target), f"-max_total_time={seconds}", f"-artifact_prefix={findings}/", *LIMITS,
               *OWN_LIMITS.get(target, [])]
    begin = time.monotonic()
    with open(findings / "log", "wb") as log:
        code = subprocess.run(command, stdout=log, stderr=log, env={**os.environ, **ENVIRONMENT}, check=False).returncode
    text = (findings / "log").read_text(errors="replace")
    last = (re.findall(r"cov: (\d+) ft: \d+ corp: (\d+)/", text) or [("0", "0")])[-1]
    executions = re.search(r"stat::number_of_executed_units: (\d+)", text)
    inputs = sorted(path.name for path in findings.iterdir() if path.name != "log")
    return {"target": target, "executions": int(executions[1]) if executions else 0, "seconds": round(time.monotonic() - begin),
            "corpus": int(last[1]), "coverage": int(last[0]), "findings": inputs or ([] if code == 0 else [f"exit code {code}"])}


def main():
    every = sorted(path.name for path in CORPUS.iterdir())
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="target", help=f"of {', '.join(every)}; default: all")
    parser.add_argument("--seconds", type=int, default=300, help="for each target (default 300)")
    parser.add_argument("--jobs", type=int, default=1, help="targets at once (default 1)")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.targets) - set(every))
    if unknown:
        sys.exit(f"error: `{unknown[0]}` must be one of {', '.join(every)}")
    if not has_clang():
        sys.exit("error: `clang++` must be there with libFuzzer and its sanitizers, but is not; on Debian: sudo apt-get install -y clang libclang-rt-14-dev")
    targets = arguments.targets or every
    build(arguments.jobs, targets)
    print("| target | inputs tried | seconds | inputs kept | covered edges | findings |\n|---|---|---|---|---|---|", flush=True)
    found = []
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for row in pool.map(lambda target: run(target, arguments.seconds), targets):
            print(f"| {row['target']} | {row['executions']:,} | {row['seconds']} | {row['corpus']} | {row['coverage']} | {len(row['findings'])} |", flush=True)
            found += [f"`build-fuzz/findings/{row['target']}/{name}`" for name in row["findings"]]
    for line in found:
        print(f"finding: {line}; the log in the same folder holds its stack", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
