#!/usr/bin/env python3
"""The tables of docs/distillation.md: the gain of a student from its teacher, over several seeds, on real files.

    runs/distillation_tables.py --tables questions --model "$MODEL" --squad_dir SQUAD --output_dir OUT

  questions        students of layers 1,3,5 and 2,5 of a SQuAD teacher, on 20,000 and on all questions: labels only, and with the teacher
  language_model   a masked language model and its layers 0,2,5, with and without the teacher; then both on MRPC and, one epoch, 20,000 questions
  states           a student of 3 layers and half the hidden size on MRPC and SST-2: labels; predictions; the same on augmented data; states first

Reads SQUAD (train-v1.1.json, dev-v1.1.json), MRPC and SST-2 (train.tsv, dev.tsv; copied, because augmented files are written beside them), CORPUS (text in
WikiExtractor's format), GLOVE. Every run is a folder below OUT. Finished runs are skipped and interrupted runs resumed, so the same command
continues after Ctrl-C, a crash or `--minutes`; `--side_by_side 2` runs two at a time, each with half of the cores (a run that all others
depend on uses all). The available tables are printed at the end (mean and sample deviation) and written to OUT/tables.md; `--print`
does only that. `--small` is a test run of a few steps, in OUT/small.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLES = ("questions", "language_model", "states")


@dataclasses.dataclass
class Run:
    """One command that writes the folder or file `name` below --output_dir, after the runs in `needs`. Without a row it is in no table."""
    name: str
    flags: list
    needs: tuple = ()
    row: str = ""
    column: str = ""
    trains: bool = True
    output_flag: str = "--output_dir"


def squad_runs(out, args, student, prefix, row, questions, taught_by=None, more=()):
    """Fine-tuning on questions over the seeds: labels only, or also the teacher `taught_by`."""
    flags = ["distill", "squad", "--config", ROOT / "configs/distill/squad-minilm-20k.json", "--model", out / student,
             "--train_file", args.squad_dir / "train-v1.1.json", "--dev_file", args.squad_dir / "dev-v1.1.json"]
    flags += ["--max_train_examples", 20000] if questions == "20k" else ["--max_train_examples", -1, "--num_train_epochs", 1]
    flags += ["--teacher", out / taught_by] if taught_by else []
    needs = (student, taught_by) if taught_by else (student,)
    for seed in args.seeds:
        yield Run(f"{prefix}-{seed}", [*flags, *more, "--seed", seed], needs, row, f"SQuAD {questions}")


def questions_table(out, args):
    teacher = "squad-teacher"
    yield Run(teacher, ["finetune", "squad", "--config", ROOT / "configs/finetune/squad-minilm-l6.json", "--model", args.model,
                        "--train_file", args.squad_dir / "train-v1.1.json", "--dev_file", args.squad_dir / "dev-v1.1.json"],
              row="teacher", column="SQuAD all")
    students = {layers: "squad-student-" + layers.replace(",", "") for layers in ("1,3,5", "2,5")}
    for layers, student in students.items():
        yield Run(student, ["extract", "--model", out / teacher, "--layers", layers, "--overwrite_output_dir"], (teacher,), trains=False)
    for questions in ("all", "20k"):
        for layers, student in students.items():
            yield from squad_runs(out, args, student, f"{student}-{questions}-labels", f"layers {layers}, labels", questions)
            yield from squad_runs(out, args, student, f"{student}-{questions}-taught", f"layers {layers}, with teacher", questions, teacher)


def corpus_runs(out, args):
    yield Run("corpus.tokens", ["data", "binarize", "--file_path", args.corpus, "--model", args.model, "--held_out_file", out / "held_out.tokens",
                       "--held_out_every", 2 if args.small else 50, "--overwrite"], trains=False, output_flag="--output_file")
    yield Run("counts.json", ["data", "count", "--data_file", out / "corpus.tokens", "--overwrite"], ("corpus.tokens",), trains=False, output_flag="--output_file")


# Sets the defaults in which `pretrain` and `distill mlm` differ, so that both take the same steps.
def language_model(out, args, command, name, model, needs, row, seed, more=()):
    flags = [*command, "--model", model, "--data_file", out / "corpus.tokens", "--eval_file", out / "held_out.tokens", "--token_counts",
             out / "counts.json", "--num_train_epochs", 1, "--max_steps", args.language_model_steps, "--learning_rate", 3e-4,
             "--per_device_train_batch_size", 16, "--gradient_accumulation_steps", 1, "--max_grad_norm", 1, "--weight_decay", 0.01,
             "--max_seq_length", 128, "--group_by_length", "--precision", "auto", "--pseudo_perplexity_sequences", 3 if args.small else 200, "--seed", seed, *more]
    return Run(name, flags, ("counts.json", *needs), row, "held-out text")


def masked_teacher(out, args, row=""):
    return language_model(out, args, ["pretrain", "--objective", "mlm"], "mlm-teacher", args.model, (), row, 1)


def language_model_table(out, args):
    yield from corpus_runs(out, args)
    yield masked_teacher(out, args, "teacher")
    yield Run("mlm-student", ["extract", "--model", out / "mlm-teacher", "--layers", "0,2,5", "--overwrite_output_dir"], ("mlm-teacher",),
              trains=False)
    methods = {"without": (["pretrain", "--objective", "mlm"], []),
               "with": (["distill", "mlm", "--teacher", out / "mlm-teacher"],
                        ["--alpha_ce", 5, "--alpha_mlm", 2, "--alpha_cos", 1, "--temperature", 2, "--restrict_ce_to_mask"])}
    for seed in args.seeds:
        for word, (command, more) in methods.items():
            yield language_model(out, args, command, f"mlm-{word}-{seed}", out / "mlm-student", ("mlm-student",), f"{word} teacher", seed, more)
    # Both tasks start from the first seed's student.
    first = {word: f"mlm-{word}-{args.seeds[0]}" for word in methods}
    for word in methods:
        for seed in args.seeds:
            yield Run(f"mlm-{word}-mrpc-{seed}", ["finetune", "glue", "--config", ROOT / "configs/finetune/mrpc-minilm-l6.json", "--model",
                                                  out / first[word], "--data_dir", args.glue_dir / "MRPC", "--seed", seed],
                      (first[word],), f"{word} teacher", "MRPC")
    for word in methods:
        yield from squad_runs(out, args, first[word], f"mlm-{word}-squad", f"{word} teacher", "20k", more=["--num_train_epochs", 1])


def states_table(out, args):
    yield from corpus_runs(out, args)
    yield masked_teacher(out, args)
    uniform = ["--student_teacher_layer_mapping", "uniform", "--use_embedding_states", "true", "--lr_scheduler_type", "linear",
               "--per_device_train_batch_size", 32, "--num_train_epochs", 1]
    yield Run("general", ["distill", "backbone", "--data_file", out / "corpus.tokens", "--model", out / "shape", "--teacher", args.model, *uniform,
                          "--learning_rate", 1e-3, "--warmup_proportion", 0.05, "--group_by_length", "--min_seq_length", 12, "--seed", 1],
              ("corpus.tokens",))
    for task, config, epochs, variants in (("mrpc", "mrpc-minilm-l6.json", 10, 6), ("sst-2", "sst2-minilm-l6.json", 3, 3)):
        column, teacher, data = task.upper(), f"{task}-teacher", out / "glue" / task.upper()
        common, rows = ["--task_name", task, "--data_dir", data], f"augmented-{task}"
        tune = ["--learning_rate", 3e-4, "--per_device_train_batch_size", 32]
        yield Run(teacher, ["finetune", "glue", "--config", ROOT / "configs/finetune" / config, "--model", args.model, "--data_dir", data],
                  row="teacher", column=column)
        yield Run(rows, ["data", "augment", "glue", *common, "--model", out / "mlm-teacher", "--glove_embs", args.glove, "--N", variants,
                          "--overwrite_output_file"],
                  ("mlm-teacher",), trains=False, output_flag="")
        augmented = [*common, "--aug_train"]
        for seed in args.seeds:
            taught = ["distill", "prediction", *tune, "--seed", seed, "--teacher", out / teacher]
            yield Run(f"{task}-labels-{seed}", ["finetune", "glue", *common, *tune, "--model", out / "general", "--num_train_epochs", epochs,
                                                "--seed", seed], ("general",), "labels", column)
            yield Run(f"{task}-predictions-{seed}", [*taught, *common, "--model", out / "general", "--num_train_epochs", epochs],
                      ("general", teacher), "predictions", column)
            yield Run(f"{task}-augmented-{seed}", [*taught, *augmented, "--model", out / "general", "--num_train_epochs", 2],
                      ("general", teacher, rows), "predictions, augmented", column)
            yield Run(f"{task}-states-{seed}", ["distill", "backbone", *augmented, *uniform, "--model", out / "general", "--teacher", out / teacher,
                                                "--learning_rate", 5e-4, "--warmup_proportion", 0.1, "--seed", seed], ("general", teacher, rows))
            yield Run(f"{task}-small-{seed}", [*taught, *augmented, "--model", out / f"{task}-states-{seed}", "--num_train_epochs", 2],
                      (f"{task}-states-{seed}",), "states, then predictions, augmented", column)


def prepare_states(out, args):
    """The student's shape, and copies of the task folders for the augmented files."""
    shape = json.loads((args.model / "config.json").read_text())
    shape.update(num_hidden_layers=3, hidden_size=shape["hidden_size"] // 2, intermediate_size=shape["intermediate_size"] // 2)
    (out / "shape").mkdir(exist_ok=True)
    (out / "shape/config.json").write_text(json.dumps(shape, indent=2))
    shutil.copy(args.model / "vocab.txt", out / "shape")
    for task in ("MRPC", "SST-2"):
        (out / "glue" / task).mkdir(parents=True, exist_ok=True)
        for file in ("train.tsv", "dev.tsv"):
            if not (out / "glue" / task / file).exists():
                shutil.copy(args.glue_dir / task / file, out / "glue" / task)


class Study:
    """Runs commands, `side_by_side` at a time, always the first whose dependencies are done; a failure skips only the runs that depend on it."""

    def __init__(self, args, runs):
        self.args, self.out = args, args.output_dir
        self.record = args.output_dir / "results.json"
        self.known = json.loads(self.record.read_text()) if self.record.exists() else {}
        for run in runs:  # a run that ended without this program
            folder = self.out / run.name
            if run.name not in self.known and run.trains and (folder / "DONE").exists():
                self.known[run.name] = json.loads((folder / "results.json").read_text())
        self.waiting = [run for run in runs if run.name not in self.known]
        self.changed, self.processes, self.is_stopping = threading.Condition(), {}, False

    def command(self, run, threads):
        flags = [str(flag) for flag in run.flags]
        if run.output_flag:
            flags += [run.output_flag, str(self.out / run.name)]
        if run.trains:
            flags += ["--save_steps", "500", "--save_total_limit", "1", "--threads", str(threads)]
            flags += ["--resume"] if (self.out / run.name).exists() else []
            flags += ["--max_steps", "6", "--per_device_train_batch_size", "8"] if self.args.small else []
        return [self.args.retort, *flags]

    def take(self):
        """Starts the next run; None when there are no more."""
        with self.changed:
            while not self.is_stopping:
                able = [run for run in self.waiting if all(name in self.known for name in run.needs)]
                if able:
                    ready = able[0]
                    self.waiting.remove(ready)
                    is_alone = not self.processes and len(able) == 1
                    threads = max(1, self.args.threads // (1 if is_alone else self.args.side_by_side))
                    with open(self.out / f"{ready.name}.log", "ab") as log:
                        # a new session: Ctrl-C reaches it only once, through `stop`
                        self.processes[ready.name] = subprocess.Popen(self.command(ready, threads), stdout=subprocess.PIPE, stderr=log,
                                                                      stdin=subprocess.DEVNULL, start_new_session=True)
                    print(f"starts {ready.name}", file=sys.stderr, flush=True)
                    return ready
                if not self.processes:
                    return None
                self.changed.wait()
        return None

    def put(self, run, process, output):
        """Stores the results of a finished run."""
        with self.changed:
            del self.processes[run.name]
            self.changed.notify_all()
            if process.returncode != 0:
                word = "stopped" if process.returncode in (130, 143, -signal.SIGINT, -signal.SIGTERM) else "FAILED "
                print(f"{word} {run.name}: exit code {process.returncode}, {self.out / run.name}.log", file=sys.stderr, flush=True)
                return
            self.known[run.name] = json.loads(output.decode().strip().splitlines()[-1])
            temporary = self.record.with_suffix(".new")
            temporary.write_text(json.dumps(self.known, indent=1))
            temporary.replace(self.record)
            print(f"done    {run.name}", file=sys.stderr, flush=True)

    def work(self):
        while (run := self.take()) is not None:
            process = self.processes[run.name]
            self.put(run, process, process.communicate()[0])

    def stop(self):
        with self.changed:
            self.is_stopping = True
            self.changed.notify_all()
            for process in self.processes.values():
                process.terminate()  # it saves and exits; its worker thread waits

    def run_all(self):
        wanted = len(self.known) + len(self.waiting)
        # The main thread only waits, so that a signal handler never finds a lock held by its own thread.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: threading.Thread(target=self.stop).start())
        timer = threading.Timer(self.args.minutes * 60, self.stop)
        timer.daemon = True
        if self.args.minutes > 0:
            timer.start()
        workers = [threading.Thread(target=self.work) for _ in range(self.args.side_by_side)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        timer.cancel()
        return len(self.known) == wanted


SCORES = {"SQuAD": {"exact": "EM", "f1": "F1"}, "MRPC": {"acc": "accuracy", "f1": "F1"}, "SST-2": {"acc": "accuracy"},
          "held-out": {"loss": "loss", "masked_accuracy": "masked words right", "pseudo_perplexity": "pseudo-perplexity"}}


def cell(results, column):
    """Mean and sample deviation of each score over the runs of a table cell."""
    parts = []
    for key, word in SCORES[column.split()[0]].items():
        percent = 100 if key in ("acc", "masked_accuracy") or (key == "f1" and column == "MRPC") else 1
        values = [percent * result[key] for result in results]
        spread = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
        parts.append(f"{word} {statistics.mean(values):.{2 if key == 'loss' else 1}f}{spread}")
    return ", ".join(parts) + (f" ({len(results)})" if len(results) > 1 else "")


def table(title, runs, known):
    columns = list(dict.fromkeys(run.column for run in runs if run.row))
    lines = [f"### {title}", "", "| trained | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for row in dict.fromkeys(run.row for run in runs if run.row):
        results = {column: [known[run.name] for run in runs if (run.row, run.column) == (row, column) and run.name in known] for column in columns}
        lines.append(f"| {row} | " + " | ".join(cell(results[column], column) if results[column] else "" for column in columns) + " |")
    return "\n".join(lines) + "\n"


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", default=",".join(TABLES), help="comma-separated (default: all)")
    for name, words in (("model", "folder of the encoder that everything starts from"), ("squad_dir", "SQUAD"), ("glue_dir", "folder with MRPC and SST-2"),
                        ("corpus", "text"), ("glove", "vectors, as text"), ("output_dir", "folder of the runs")):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=name in ("model", "output_dir"), help=words)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--language_model_steps", type=int, default=-1, help="steps of each masked language model, in batches of 16 (default: one epoch)")
    parser.add_argument("--side_by_side", type=int, default=1, help="runs at a time")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="threads of all runs together")
    parser.add_argument("--minutes", type=float, default=0, help="stop and save after this time; 0: never")
    parser.add_argument("--retort", default=str(ROOT / "build/retort"))
    parser.add_argument("--small", action="store_true", help="test run: six steps of everything")
    parser.add_argument("--print", action="store_true", help="print the tables of the finished runs")
    args = parser.parse_args()
    args.tables = args.tables.split(",")
    needed = {"questions": ["squad_dir"], "language_model": ["corpus", "glue_dir", "squad_dir"], "states": ["corpus", "glue_dir", "glove"]}
    for name in args.tables:
        if name not in TABLES:
            parser.error(f"`--tables` must name some of {', '.join(TABLES)}, but has `{name}`")
        for flag in needed[name]:
            if not getattr(args, flag) or not getattr(args, flag).exists():
                parser.error(f"`--{flag}` must be there for the table {name}, but is {getattr(args, flag) or 'missing'}")
    if not re.fullmatch(r"\d+(,\d+)*", args.seeds):
        parser.error(f"`--seeds` must be whole numbers with commas between them, but is `{args.seeds}`")
    args.seeds = args.seeds.split(",")
    if args.small:
        args.output_dir /= "small"  # so that a test run is not mistaken for a finished run
    return args


def main():
    args = parse()
    args.output_dir.mkdir(parents=True, exist_ok=True)
    make = {"questions": questions_table, "language_model": language_model_table, "states": states_table}
    runs = {name: list(make[name](args.output_dir, args)) for name in args.tables}
    study = Study(args, list({run.name: run for name in runs for run in runs[name]}.values()))
    is_complete = True
    if not args.print:
        if "states" in args.tables:
            prepare_states(args.output_dir, args)
        is_complete = study.run_all()
    text = "\n".join(table(name, runs[name], study.known) for name in args.tables)
    (args.output_dir / "tables.md").write_text(text)
    print(text)
    return 0 if is_complete else 130 if study.is_stopping else 1


if __name__ == "__main__":
    sys.exit(main())
