"""The search from its first trial to its files, with trials of milliseconds."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import sqlite3
import time

import pytest
from conftest import SPACE, changed

# Where exact depends on the parameters of SPACE: see fake_retort.py.
DIVERGES = changed(
    SPACE, parameters={"learning_rate": {"type": "double", "range": [0.04, 0.09]}}, default={"learning_rate": 0.08}
)


def states(records):
    return [(record.place, record.state) for record in records]


def records(tuner, **where):
    from retort_tune.front import records_of

    return records_of(tuner.study(**where))


def test_a_search_leaves_its_study_front_report_and_the_commands_to_train_again(tuner):
    ended = tuner.run(trials=12)
    assert ended.code == 0, ended.errors
    assert (ended.result["trials"], ended.result["complete"] + ended.result["pruned"]) == (12, 12)
    out = tuner.folder / "out"
    assert (out / "DONE").exists()
    front = json.loads((out / "front.json").read_text())
    scores = [entry["objectives"]["exact"] for entry in front]
    sizes = [entry["objectives"]["num_parameters"] for entry in front]
    assert scores == sorted(scores, reverse=True) and sizes == sorted(sizes, reverse=True) and len(front) >= 1
    assert front[0]["command"].startswith(f"retort distill squad --config {out}/trials/search/")
    config = json.loads(open(front[0]["config"]).read())
    assert config["alpha_squad"] == pytest.approx(1 - config["alpha_ce"])
    rows = list(csv.DictReader((out / "trials.csv").open()))
    assert [row["trial"] for row in rows] == [str(number) for number in range(12)]
    assert rows[0]["source"] == "default" and rows[0]["params.n_layers"] == "6"
    assert [row["source"] for row in rows[:5]] == ["default", *["quasi-random"] * 3, "sampler"]
    assert "</html>" in (out / "report.html").read_text()


def test_only_the_models_of_the_front_are_kept_unless_all_or_the_best_are_asked_for(tuner):
    for keep in ("front", "best", "all"):
        tuner.run(trials=6, keep=keep, study_name=keep, storage=f"sqlite:///{tuner.folder}/study.db", prune=False)
        folder = tuner.folder / "out" / "trials" / keep
        with_model = sorted(path.parent.parent.name for path in folder.glob("*/model/model.safetensors"))
        front = [f"{entry['trial']:05d}" for entry in json.loads((tuner.folder / "out" / "front.json").read_text())]
        assert (
            with_model == {"front": sorted(front), "best": front[:1], "all": [f"{number:05d}" for number in range(6)]}[
                keep
            ]
        )
        assert len(list(folder.glob("*/model/results.json"))) == 6  # all else stays


def test_one_seed_gives_one_search_and_a_continued_one_goes_on_as_if_never_stopped(tuner):
    def params(name):
        return [trial.params for trial in tuner.study(name, f"{name}.db").get_trials()]

    for name, trials in (("whole", (14,)), ("parts", (6, 14))):
        for count in trials:
            ended = tuner.run(trials=count, study_name=name, storage=f"sqlite:///{tuner.folder}/{name}.db", prune=False)
            assert ended.code == 0, ended.errors
    tuner.run(trials=14, study_name="other", storage=f"sqlite:///{tuner.folder}/other.db", seed=43, prune=False)
    assert params("whole") == params("parts")
    assert params("whole")[1:] != params("other")[1:]


def test_a_diverged_trial_is_a_result_with_its_last_lines(tuner):
    ended = tuner.run(DIVERGES, trials=3)
    assert ended.code == 0, ended.errors
    trials = tuner.study().get_trials()
    failed = [trial for trial in trials if trial.params["learning_rate"] > 0.05]
    assert failed and all(trial.state.name == "FAIL" for trial in failed)
    assert failed[0].user_attrs["text"] == "it diverged: the loss is not finite in 5 steps in a row"
    assert failed[0].user_attrs["log"].splitlines() == [
        "retort: step 3: loss NaN",
        "error: the loss is not finite in 5 steps in a row",
    ]
    assert ended.result["failed"] == len(failed)


def test_head_counts_that_do_not_fit_fail_their_trial_and_the_search_goes_on(tuner):
    space = changed(SPACE, fixed={"from_scratch": True}, default={"n_heads": 7})
    ended = tuner.run(space, trials=3)
    assert ended.code == 0, ended.errors
    first = tuner.study().get_trials()[0]
    assert first.state.name == "FAIL" and "multiple of the 7 attention heads" in first.user_attrs["text"]


def test_an_error_that_every_trial_would_meet_stops_the_search_with_its_sentence(tuner):
    ended = tuner.run(trials=3, extra=["--activation", "missing"])
    assert ended.code == 2
    assert ended.errors.splitlines()[-1] == "error: `activation` must be one of gelu, relu, but is `missing`"
    assert [tuner.study().get_trials()[index].state.name for index in (0, -1)] == [
        "FAIL",
        "WAITING",
    ]  # done when the reason is gone
    ended = tuner.run(trials=3, extra=["--activation", "relu"])
    assert ended.code == 0 and ended.result["complete"] + ended.result["pruned"] == 3, ended.errors
    ended = tuner.run(trials=4, extra=["--activation", "gelu"])
    assert ended.code == 2 and "was begun with another `fixed.activation`" in ended.errors


def test_a_trial_over_its_time_limit_fails(tuner):
    ended = tuner.run(trials=2, trial_seconds=1, environment={"FAKE_SECONDS": "60"})
    assert ended.code == 0 and ended.result["failed"] == 2
    assert tuner.study().get_trials()[0].user_attrs["text"] == "it took longer than the time limit of 1 s"


def test_a_killed_trial_is_done_once_more_and_counts_once(tuner):
    ended = tuner.run(trials=4, environment={"FAKE_DIES": str(tuner.folder / "died")})
    assert ended.code == 0, ended.errors
    trials = tuner.study().get_trials()
    dead = [trial for trial in trials if trial.state.name == "FAIL"]
    assert [trial.user_attrs["text"] for trial in dead] == ["its process ended by signal 9"]
    again = [trial for trial in trials if "place" in trial.user_attrs]
    assert len(again) == 1 and again[0].params == dead[0].params and again[0].user_attrs["place"] == dead[0].number
    assert ended.result["trials"] == 4 and ended.result["failed"] == 0


def test_a_hopeless_trial_is_stopped_with_the_reason(tuner):
    # The default is best; the second trial has its size and a poor learning rate.
    fixed = {"n_layers": {"type": "int", "range": [5, 6]}, "n_heads": {"type": "int", "range": [11, 12]}}
    space = changed(SPACE, parameters=fixed, default={"learning_rate": 1e-3})
    ended = tuner.run(space, trials=10, environment={"FAKE_SECONDS": "1"})
    assert ended.code == 0, ended.errors
    pruned = [record for record in records(tuner) if record.state == "pruned"]
    assert pruned and pruned[0].text.startswith("at step ") and "lies below the Pareto front's" in pruned[0].text
    assert ended.result["pruned"] == len(pruned)


def test_two_trials_at_a_time_have_cores_of_their_own_and_all_are_counted(tuner):
    counts = tuner.folder / "counts"
    ended = tuner.run(
        trials=9, parallel=2, prune=False, environment={"FAKE_COUNTS": str(counts), "FAKE_SECONDS": "0.4"}
    )
    assert ended.code == 0, ended.errors
    assert ended.result["complete"] == 9
    assert len(counts.read_text().splitlines()) == len(set(counts.read_text().splitlines())) == 9


def test_latency_is_measured_when_it_is_an_objective(tuner):
    space = changed(SPACE, objectives={"latency_ms": "minimize"}, fixed={"dev_file": "dev.json"})
    ended = tuner.run(space, trials=2)
    assert ended.code == 0, ended.errors
    assert {trial.values[2] for trial in tuner.study().get_trials()} == {12.5}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_search_ends_cleanly_and_continues(tuner, number):
    process = tuner.start(trials=6, environment={"FAKE_SECONDS": "2"})
    wait_until(lambda: counted(tuner, "RUNNING"))
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "the same command continues the study" in errors and json.loads(output)["trials"] < 6
    assert not (tuner.folder / "out" / "DONE").exists()
    ended = tuner.run(trials=6)
    assert ended.code == 0 and ended.result["trials"] == 6 and ended.result["failed"] == 0
    assert states(records(tuner))[0][1] in ("complete", "pruned")


def counted(tuner, state, file="out/study.db"):
    """Trials in a state of the only study, read from its table: a look costs nothing."""
    try:
        with sqlite3.connect(f"file:{tuner.folder / file}?mode=ro", uri=True, timeout=5) as database:
            return database.execute("SELECT COUNT(*) FROM trials WHERE state = ?", (state,)).fetchone()[0]
    except sqlite3.OperationalError:  # not there yet
        return 0


def wait_until(holds, seconds=150):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_ten_kills_of_the_search_lose_no_trial_and_count_none_twice(tuner):
    chance = random.Random(1)
    for kill in range(10):
        done = counted(tuner, "COMPLETE")
        process = tuner.start(
            trials=22, parallel=2, prune=False, heartbeat_seconds=1, environment={"FAKE_SECONDS": "0.5"}
        )
        wait_until(lambda done=done: counted(tuner, "COMPLETE") > done or process.poll() is not None)
        assert process.poll() is None, process.communicate()
        time.sleep(chance.random() * 0.6)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert kill < 10
    wait_until(lambda: not any(str(tuner.folder) in command for command in all_commands()))  # its trials end with it
    ended = tuner.run(trials=22, parallel=2, prune=False, heartbeat_seconds=1)
    assert ended.code == 0, ended.errors
    assert states(records(tuner)) == [
        (place, "complete") for place in sorted(record.place for record in records(tuner))
    ]
    assert len(records(tuner)) == ended.result["complete"] == 22
    killed = [trial for trial in tuner.study().get_trials() if trial.state.name == "FAIL"]
    assert killed and not any(trial.state.name in ("RUNNING", "WAITING") for trial in tuner.study().get_trials())


def all_commands():
    found = []
    for process in os.listdir("/proc"):
        try:
            with open(f"/proc/{process}/cmdline", "rb") as file:
                command = file.read().decode(errors="replace")
            if "fake_retort" in command:
                found.append(command)
        except OSError:
            continue
    return found


def test_two_searches_share_a_study_and_a_dead_ones_trial_is_found_by_its_heartbeat(tuner):
    from retort_tune.study import this_worker

    storage = f"sqlite:///{tuner.folder}/shared.db"
    first = tuner.start(trials=8, prune=False, storage=storage, heartbeat_seconds=1, environment={"FAKE_SECONDS": "1"})
    wait_until(lambda: counted(tuner, "RUNNING", "shared.db"))
    # A trial of another machine, which is not heard of again.
    study = tuner.study(file="shared.db")
    lost = study.ask()
    lost.set_user_attr("worker", {**this_worker(), "host": "elsewhere"})
    study._storage._backend.record_heartbeat(lost._trial_id)
    other = tuner.run(
        trials=8, prune=False, storage=storage, heartbeat_seconds=1, output_dir=str(tuner.folder / "other")
    )
    _, errors = first.communicate(timeout=120)
    assert first.returncode == 0 and other.code == 0, errors + other.errors
    trials = tuner.study(file="shared.db").get_trials()
    assert trials[lost.number].state.name == "FAIL"
    assert len(records(tuner, file="shared.db")) >= 8
    assert {record.state for record in records(tuner, file="shared.db")} == {"complete"}
    assert any(
        trial.user_attrs.get("again_because", "").startswith("the search on elsewhere, process") for trial in trials
    )


def test_samplers_by_name(tuner):
    for sampler in ("nsga2", "nsga3", "qmc", "random"):
        ended = tuner.run(trials=5, sampler=sampler, study_name=sampler, quasi_random_trials=1)
        assert ended.code == 0 and ended.result["trials"] == 5, (sampler, ended.errors)


def test_the_grid_is_walked_once(tuner):
    parameters = {
        "learning_rate": {"type": "double", "range": [1e-5, 1e-2], "grid": [1e-4, 1e-3]},
        "n_layers": {"type": "int", "range": [2, 3]},
        "n_heads": None,
        "alpha_ce": None,
    }
    space = changed(SPACE, parameters=parameters, derived=None, default=None)
    space = {key: value for key, value in space.items() if value is not None}
    ended = tuner.run(space, trials=4, sampler="grid", prune=False)
    assert ended.code == 0, ended.errors
    points = {(trial.params["learning_rate"], trial.params["n_layers"]) for trial in tuner.study().get_trials()}
    assert points == {(rate, layers) for rate in (1e-4, 1e-3) for layers in (2, 3)}


def test_a_result_that_the_study_was_not_told_is_taken_from_the_trials_folder(tuner):
    from retort_tune.study import do_again

    counts = tuner.folder / "counts"
    tuner.run(trials=2, prune=False, environment={"FAKE_COUNTS": str(counts)})
    study = tuner.study()
    assert do_again(study, study.get_trials()[0], "the storage was full")
    ended = tuner.run(trials=2, prune=False, environment={"FAKE_COUNTS": str(counts)})
    assert ended.code == 0, ended.errors
    trials = tuner.study().get_trials()
    assert trials[-1].state.name == "COMPLETE" and trials[-1].values == trials[0].values
    assert len(counts.read_text().splitlines()) == 2  # nothing was trained again
    assert ended.result["trials"] == 2


def test_a_folder_of_another_study_is_refused(tuner):
    assert tuner.run(trials=1).code == 0
    ended = tuner.run(trials=1, storage=f"sqlite:///{tuner.folder}/new.db")
    assert ended.code == 2
    assert ended.errors.splitlines()[-1].endswith("has trials of another one; choose another --output_dir")
