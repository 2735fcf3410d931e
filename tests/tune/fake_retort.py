#!/usr/bin/env -S python3 -S -E
"""Stands for the program in tests of the search: `distill squad` is a formula that takes milliseconds.

Its files, result line and exit codes are those of the program. `help` is passed on to the real one, $REAL_RETORT. Values of the
configuration choose what goes wrong: learning_rate above 0.05 diverges, n_heads 7 with from_scratch is refused as the program
does, activation `missing` is an error of all trials. $FAKE_SECONDS is how long a trial takes, $FAKE_DIES names a file: the first trial
that finds none makes it and is killed.
"""

import json
import math
import os
import signal
import sys
import time

STEPS = 4


def fail(code, message):
    print(f"error: {message}", file=sys.stderr)
    sys.exit(code)


def score_of(config):
    """Better with more layers and heads; best at a learning rate of 1e-3."""
    size = config.get("n_layers", 6) * (4 + config.get("n_heads", 12)) / 96
    distance = abs(math.log10(config.get("learning_rate", 5e-5)) + 3)
    return round(100 * (1 - math.exp(-3 * size)) * math.exp(-distance), 4)


def write_event(folder, event):
    with open(os.path.join(folder, "train_log.jsonl"), "a", encoding="utf-8") as log:
        log.write(json.dumps(event) + "\n")


def die_once():
    path = os.environ.get("FAKE_DIES")
    if path:
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)


def distill(flags):
    config = json.load(open(flags["--config"], encoding="utf-8"))
    folder = flags["--output_dir"]
    os.makedirs(folder, exist_ok=True)
    json.dump(config, open(os.path.join(folder, "retort_config.json"), "w", encoding="utf-8"))
    if os.path.exists(os.path.join(folder, "train_log.jsonl")):
        os.remove(os.path.join(folder, "train_log.jsonl"))
    if config.get("activation") == "missing":
        fail(2, "`activation` must be one of gelu, relu, but is `missing`")
    if config.get("from_scratch") and config.get("n_heads") == 7:
        fail(2, "`model`: field `hidden_size` must be a multiple of the 7 attention heads, but is 384")
    if config.get("learning_rate", 0) > 0.05:
        print("retort: step 3: loss NaN", file=sys.stderr)
        fail(3, "the loss is not finite in 5 steps in a row")
    parameters = 1_000_000 + config.get("n_layers", 6) * (400_000 + 50_000 * config.get("n_heads", 12))
    write_event(folder, {"event": "parameters", "num_parameters": parameters})
    score, seconds = score_of(config), float(os.environ.get("FAKE_SECONDS", "0"))
    for step in range(1, STEPS + 1):
        time.sleep(seconds / STEPS)
        write_event(
            folder, {"event": "evaluate", "step": step, "exact": score * step / STEPS, "f1": score * step / STEPS}
        )
        if step == 2:
            die_once()
    with open(os.path.join(folder, "model.safetensors"), "wb") as model:
        model.write(b"\x02\0\0\0\0\0\0\0{}")
    with open(os.environ.get("FAKE_COUNTS", os.devnull), "a", encoding="utf-8") as counts:
        counts.write(folder + "\n")
    results = {
        "exact": score,
        "f1": min(100.0, score + 5),
        "HasAns_exact": score,
        "eval_seconds": 0.5,
        "train_seconds": seconds / 2,
        "num_parameters": parameters,
    }
    json.dump(results, open(os.path.join(folder, "results.json"), "w", encoding="utf-8"))
    print(json.dumps(results))


def main():
    words = sys.argv[1:]
    if words[0] == "help":
        os.execv(os.environ["REAL_RETORT"], [os.environ["REAL_RETORT"], *words])
    if words[0] == "bench":
        return print(json.dumps({"p50_ms": 12.5}))
    flags = dict(zip(words[2::1], words[3::1], strict=False))
    distill({name: value for name, value in flags.items() if name.startswith("--")})


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
    main()
