"""Shared by the benchmarks: flags, alternating runs, ratios with their spread, tables, and the JSON line at the end.

Every run is a separate process, one at a time; the order rotates from round to round, and ratios are computed within
a round, so that drifts of the machine's speed affect them least. This module and the benchmarks only need the standard library. The
peers run in another Python, `--peer_python`; a peer whose package is missing there is reported and skipped.
"""
import argparse
import dataclasses
import json
import multiprocessing
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

import sample

HERE = pathlib.Path(__file__).resolve().parent

# Name -> retort's preset. peer_models.py builds the same sizes.
PRESETS = {"bert-base": "preset:bert-base-uncased", "minilm": "preset:minilm-l6-h384", "distilbert": "preset:distilbert-base-uncased"}


class Missing(Exception):
    """A program that cannot run here, because a package or a flag is missing. The message names it."""


@dataclasses.dataclass
class Side:
    """One program of a comparison: its name in tables and a function from the round number to a dictionary of measurements."""
    name: str
    run: object
    runs: list = dataclasses.field(default_factory=list)
    missing: str = ""


def add_common_flags(parser, rows, default_rows=None):
    names = ",".join(default_rows or rows)
    parser.add_argument("--rows", default=names, help=f"comma-separated, of {', '.join(rows)} (default: {names})")
    parser.add_argument("--data_dir", default=os.environ.get("BENCH_DATA", ""),
                        help="folder with train-v1.1.json, dev-v1.1.json, MRPC/, SST-2/ (default: $BENCH_DATA); missing files are replaced by synthetic texts")
    parser.add_argument("--vocab_file", default=os.environ.get("VOCAB_FILE", ""),
                        help="vocab.txt of bert-base-uncased (default: $VOCAB_FILE, else that of data_dir)")
    parser.add_argument("--retort", default=str(HERE.parent / "build" / "retort"))
    parser.add_argument("--retort_flags", default="", help="more flags for retort, separated by spaces")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="threads of every program (default: all cores)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the sample")
    parser.add_argument("--markdown", default="", help="append the tables to this file")


def add_peer_flags(parser, peers, default_peers):
    parser.add_argument("--peer_python", default=os.environ.get("PEER_PYTHON", sys.executable),
                        help="python with the packages of requirements/bench.txt (default: $PEER_PYTHON, else this one)")
    parser.add_argument("--peers", default=",".join(default_peers), help=f"comma-separated, of {', '.join(peers)}; empty: only retort")


def finish_flags(parser, rows, peers=()):
    """Parses the flags; splits lists and checks their names."""
    args = parser.parse_args()
    for flag, allowed in (("rows", rows), ("peers", peers)):
        names = [name for name in getattr(args, flag, "").split(",") if name]
        for name in names:
            if name not in allowed:
                parser.error(f"`--{flag}` must name some of {', '.join(allowed)}, but has `{name}`")
        setattr(args, flag, names)
    if not os.access(args.retort, os.X_OK):
        parser.error(f"`--retort` must be the built program, but {args.retort} is not there; run `make build`")
    if not args.vocab_file and args.data_dir:
        found = [path for path in (pathlib.Path(args.data_dir, name) for name in ("vocab.txt", "vocab/vocab.txt")) if path.is_file()]
        args.vocab_file = str(found[0]) if found else ""
    return args


def last_json(done):
    """The JSON object on the last line of standard output; None when there is none."""
    lines = done.stdout.strip().splitlines()
    try:
        return json.loads(lines[-1]) if lines else None
    except ValueError:
        return None


def run_program(command, threads, text=""):
    """Runs the command with this number of threads and returns its JSON line; raises Missing with the program's error otherwise."""
    env = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(command, input=text, capture_output=True, text=True, env=env, check=False)
    measures = last_json(done)
    if done.returncode != 0 or measures is None:
        reason = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise Missing(f"ended with {done.returncode}: {reason}")
    if "missing" in measures:
        raise Missing(measures["missing"])
    return measures


def run_retort(args, words, flags, threads=None, cores=""):
    """`cores`: a list for taskset; empty leaves the choice to the system."""
    threads = threads or args.threads
    listed = [str(word) for pair in flags.items() for word in (f"--{pair[0]}", pair[1])]
    pinned = ["taskset", "-c", cores] if cores else []
    return run_program([*pinned, args.retort, *words, *listed, "--threads", str(threads), *args.retort_flags.split()], threads)


def run_peer(args, module, job):
    """A peer: bench/<module>.py in the peers' Python, with the job on its standard input."""
    return run_program([args.peer_python, str(HERE / f"{module}.py")], args.threads, json.dumps({**job, "threads": args.threads}))


def retort_knows(args, words, flag):
    done = subprocess.run([args.retort, *words, "--help"], capture_output=True, text=True, check=False)
    return f"--{flag} " in done.stdout


def make_sample(args, task, batch, steps, folder):
    """sample.make_sample for one warm-up batch and `steps` more, in a separate process: its memory would
    otherwise count for the programs started from here (on Linux a child inherits its parent's peak)."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        made = pool.apply(sample.make_sample, (task, args.data_dir, args.vocab_file, batch, steps + 1, args.seed, args.retort, folder))
    print(f"{task}, batch {batch}: {made.sequences} sequences of {made.mean_length:.1f} tokens in the mean, {made.origin}",
          file=sys.stderr, flush=True)
    return made


def run_in_turn(sides, rounds, log=lambda line: print(line, file=sys.stderr, flush=True)):
    """Runs the programs one after the other, `rounds` times; each round begins with another one."""
    for index in range(rounds):
        for side in sides[index % len(sides):] + sides[:index % len(sides)]:
            if side.missing:
                continue
            try:
                side.runs.append(side.run(index))
                log(f"  round {index + 1}: {side.name}: {side.runs[-1]['tok_s']:.0f} tokens/s, {side.runs[-1]['seq_s']:.2f} sequences/s")
            except Missing as reason:
                side.missing = str(reason)
                log(f"  {side.name}: left out, {reason}")


def median(runs, key):
    values = [run[key] for run in runs if run.get(key) is not None]
    return statistics.median(values) if values else None


def ratio_of(own, peer, key="tok_s"):
    """Median, minimum and maximum of own/peer over the rounds that both finished; None without such rounds."""
    ratios = [a[key] / b[key] for a, b in zip(own, peer) if a.get(key) and b.get(key)]
    return {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)} if ratios else None


MEASURES = ("seq_s", "tok_s", "peak_rss_mb", "utilization", "p50_ms", "p99_ms")


def summarize(sides):
    """A dictionary per program: medians of its measurements; for all but the first the ratio of the first to it."""
    summary = []
    for side in sides:
        entry = {"program": side.name, **{key: median(side.runs, key) for key in MEASURES}}
        if side.missing:
            entry["missing"] = side.missing
        if side is not sides[0]:
            entry["ratio"] = ratio_of(sides[0].runs, side.runs)
            entry["memory_ratio"] = ratio_of(sides[0].runs, side.runs, "peak_rss_mb")
        summary.append({key: value for key, value in entry.items() if value is not None})
    return summary


def write_number(value, digits=0, unit=""):
    return "–" if value is None else f"{value:,.{digits}f}{unit}"


def write_rate(value):
    return write_number(value, 0 if value is None or value >= 100 else 1 if value >= 10 else 2)


def write_ratio(ratio):
    return "–" if ratio is None else f"{ratio['median']:.2f} ({ratio['min']:.2f}–{ratio['max']:.2f})"


def markdown_table(header, rows):
    """Lines of a table, padded so that it also reads well as it is."""
    cells = [header, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    lines = ["| " + " | ".join(text.ljust(width) for text, width in zip(row, widths)) + " |" for row in cells]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def program_cell(label, side, reasons):
    """The name of a side in a table; why it is missing goes to `reasons`."""
    if "missing" not in side:
        return side["program"]
    reasons.append(f"- {label}, {side['program']}: {side['missing']}")
    return side["program"] + " (missing)"


def comparison_table(results, with_latency=False):
    """`results`: dictionaries with "row" and "sides" (of summarize). Missing programs are listed below the table with the reason."""
    latency = ["p50 / p99 ms"] if with_latency else []
    header = ["row (data)", "program", "sequences/s", "tokens/s", *latency, "peak MB", "utilization", "retort ÷ it: median (min–max)",
              "memory ÷"]
    rows, reasons = [], []
    for result in results:
        for side in result["sides"]:
            name = program_cell(result["row"], side, reasons)
            latencies = [f"{write_number(side.get('p50_ms'))} / {write_number(side.get('p99_ms'))}"] if with_latency else []
            memory = side.get("memory_ratio")
            rows.append([f"{result['row']} ({result['data']})", name, write_rate(side.get("seq_s")), write_number(side.get("tok_s")),
                         *latencies,
                         write_number(side.get("peak_rss_mb")), write_number(side.get("utilization"), 2), write_ratio(side.get("ratio")),
                         write_number(memory and memory["median"], 2)])
    return markdown_table(header, rows) + ([""] + reasons if reasons else [])


def processor_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def describe_machine(args, results):
    """Processor, threads, instruction set and versions, as the runs reported them."""
    machine = {"processor": processor_name(), "threads": args.threads}
    for runs in results:
        for run in runs:
            if "instruction_set" in run:
                machine["instruction_set"] = run["instruction_set"]
            machine.setdefault("versions", {}).update(run.get("versions", {}))
    return machine


def shown_command():
    """The command for documentation: paths shortened to their last component, without --markdown."""
    words, arguments = [], iter(sys.argv[1:])
    for word in arguments:
        if word == "--markdown":
            next(arguments, None)
        else:
            words.append(pathlib.Path(word).name if word.startswith("/") else word or '""')
    return " ".join(["python", f"bench/{pathlib.Path(sys.argv[0]).name}", *words])


def report(args, title, machine, lines, outcome):
    """Prints the table and, last, the JSON object; appends the table to `--markdown`."""
    versions = ", ".join(f"{name} {version}" for name, version in sorted(machine.get("versions", {}).items()))
    where = ", ".join(filter(None, [machine["processor"], f"{machine['threads']} threads", machine.get("instruction_set")]))
    head = [f"### {title}", "", f"{where}{'; ' if versions else ''}{versions}.", ""]
    command = ["", "```sh", shown_command(), "```", ""]
    print("\n".join(head + lines), flush=True)
    if args.markdown:
        with open(args.markdown, "a", encoding="utf-8") as file:
            file.write("\n".join([*head, *lines, *command]) + "\n")
    print(json.dumps({**outcome, "machine": machine}))


def scratch():
    """A temporary folder."""
    return tempfile.TemporaryDirectory(prefix="retort-bench-")
