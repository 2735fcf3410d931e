"""Samplers, front, pruning rule, storages and the run of one trial, each by itself."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time

import optuna
import pytest
from conftest import FAKE, SPACE, changed
from retort_tune.errors import StorageLost, UserError
from retort_tune.front import Record, hypervolume, hypervolume_history, pareto_front, pruning_rule, reference_point
from retort_tune.job import Job, run_job
from retort_tune.local import share_cores
from retort_tune.metrics import count_parameters, read_metrics
from retort_tune.pruning import FrontTrial, PruningRule
from retort_tune.samplers import choose_sampler, grid_of, make_sampler, quasi_random_points
from retort_tune.search import storage_loss_in
from retort_tune.storage import PatientStorage, open_storage, repair_journal
from retort_tune.study import count_open, do_again, is_alive, latest_of_each_place, open_study, this_worker


def record(place, values, state="complete", violations=None, **others):
    metrics = dict(zip(("exact", "num_parameters"), values, strict=True)) if values else {}
    given = {
        "params": {},
        "metrics": metrics,
        "text": "",
        "source": "sampler",
        "attempt": 1,
        "evaluations": {},
        **others,
    }
    return Record(number=place, place=place, state=state, values=tuple(values), violations=violations or {}, **given)


def test_the_front_holds_what_no_feasible_trial_equals_or_beats(read):
    space = read(SPACE)
    trials = [
        record(0, (60, 9)),
        record(1, (60, 9)),
        record(2, (50, 5)),
        record(3, (40, 6)),
        record(4, (90, 20), violations={"x": 1.0}),
        record(5, ()),
        record(6, (70, 12)),
    ]
    trials[5] = record(5, (), state="failed")
    assert [each.place for each in pareto_front(trials, space)] == [6, 0, 2]


def test_the_hypervolume_is_the_area_between_front_and_corner(read):
    space = read(SPACE)
    trials = [record(0, (60, 8)), record(1, (50, 4)), record(2, (20, 10)), record(3, (), state="failed")]
    corner = reference_point(trials, space)
    assert corner == (-5.0, 10.0)  # the threshold of exact, the largest size
    assert hypervolume(trials, space, corner) == pytest.approx((60 - 5) * (10 - 8) + (50 - 5) * (8 - 4))
    box = (100 - 5) * 10
    assert hypervolume_history(trials, space) == pytest.approx([110 / box, 290 / box, 290 / box, 290 / box])


def test_an_infeasible_trial_adds_no_hypervolume(read):
    space = read(SPACE)
    trials = [record(0, (60, 8), violations={"exact ≥ 70": 10.0}), record(1, (3, 10))]
    assert hypervolume_history(trials, space) == [0.0, 0.0]


RULE = PruningRule(
    "exact", "num_parameters", True, (FrontTrial(3, 100, {10: 20.0, 20: 40.0}), FrontTrial(5, 200, {10: 30.0}))
)


@pytest.mark.parametrize(
    ("step", "score", "size", "stops"),
    [
        (10, 19.0, 100, True),  # below the only one of equal size
        (10, 20.0, 100, False),  # equal
        (10, 25.0, 250, False),  # below one of two
        (10, 19.0, 250, True),  # below both
        (10, 1.0, 99, False),  # smaller than every one
        (20, 1.0, 250, False),  # one of the smaller ones has no score at this step
        (20, 1.0, 150, True),
    ],
)
def test_a_trial_is_hopeless_below_every_smaller_one_at_its_step(step, score, size, stops):
    assert bool(RULE.reason(step, score, size)) == stops


def test_the_reason_names_step_scores_and_the_nearest_trial():
    assert (
        RULE.reason(10, 19.0, 250)
        == "at step 10, exact 19 with 250 num_parameters lies below the Pareto front's 2 trials of equal or smaller"
        " size; "
        "the nearest, trial 3, had 20 with 100"
    )


def test_the_rule_takes_the_front_of_the_study_and_needs_a_size(read):
    trials = [
        record(0, (60, 8), evaluations={5: {"exact": 10.0}}),
        record(1, (50, 9), evaluations={5: {"exact": 30.0}}),
    ]
    rule = pruning_rule(trials, read(SPACE))
    assert rule.front == (FrontTrial(0, 8.0, {5: 10.0}),)
    assert pruning_rule(trials, read(changed(SPACE, objectives={"num_parameters": None}))) is None


def test_quasi_random_points_are_spread_and_follow_the_seed(read):
    space = read(SPACE)
    points = quasi_random_points(space, 8, 1)
    assert points == quasi_random_points(space, 8, 1) != quasi_random_points(space, 8, 2)
    eighths = sorted(
        int(point["alpha_ce"] * 8) for point in points
    )  # a Sobol sequence: one in each eighth, but for the first point
    assert len(points) == 8 and len(set(eighths)) >= 6
    assert all(1 <= point["n_layers"] <= 6 and 1e-5 <= point["learning_rate"] <= 2e-2 for point in points)


def test_auto_is_tpe_with_conditions_or_many_trials_and_gp_only_where_torch_is(read, monkeypatch):
    space = read(SPACE)
    parameters = {"dropout": {"type": "double", "range": [0.0, 0.1], "condition": {"n_layers": [1]}}}
    for can_use_gp, many, conditional, chosen in (
        (True, 300, False, "gp"),
        (True, 301, False, "tpe"),
        (True, 10, True, "tpe"),
        (False, 10, False, "tpe"),
    ):
        monkeypatch.setattr("retort_tune.samplers.can_use_gp", lambda can_use_gp=can_use_gp: can_use_gp)
        assert (
            choose_sampler("auto", read(changed(SPACE, parameters=parameters)) if conditional else space, many)
            == chosen
        )
    with pytest.raises(UserError, match="must be another than gp here"):
        choose_sampler("gp", space, 10)


def test_gp_draws_where_torch_is(read):
    pytest.importorskip("torch", reason="the Gaussian process needs torch: requirements/tune-gp.txt")
    space = read(SPACE)
    study = optuna.create_study(directions=space.directions, sampler=make_sampler("gp", space, 1))
    for _ in range(12):
        trial = study.ask(space.distributions)
        study.tell(trial, (trial.params["n_layers"], trial.params["n_heads"]))
    assert max(trial.values[0] for trial in study.best_trials) == 6


def test_a_grid_needs_values_for_what_has_no_end_of_them(read):
    with pytest.raises(UserError, match="`parameters.learning_rate` must have a `grid`"):
        grid_of(read(SPACE))


def test_cores_are_divided_among_the_slots():
    cores = sorted(os.sched_getaffinity(0))
    assert share_cores(1) == [()]
    assert [core for slot in share_cores(len(cores)) for core in slot] == cores
    assert len(share_cores(len(cores) + 3)) == len(cores) + 3 and all(
        len(slot) == 1 for slot in share_cores(len(cores) + 3)
    )


def test_metrics_of_a_result_line(tmp_path):
    metrics = read_metrics({"exact": 1.5, "eval_seconds": 2.0, "train_seconds": 6.0, "model": "x"}, 10.0)
    assert (
        metrics["inference_time"] == 2.0
        and metrics["outside_training"] == pytest.approx(0.4)
        and "model" not in metrics
    )
    header = json.dumps(
        {
            "__metadata__": {},
            "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
            "b": {"dtype": "F32", "shape": [], "data_offsets": [24, 28]},
        }
    ).encode()
    (tmp_path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    assert count_parameters(tmp_path) == 7 and count_parameters(tmp_path / "none") is None


# Storages


def nothing_stale(study, trial):
    raise AssertionError


def open_at(url, patience=1.0):
    return open_storage(url, 30, patience, nothing_stale)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (
            "sqlite:////nowhere/at/all/study.db",
            "`storage` must lie in an existing folder, but `/nowhere/at/all` is none",
        ),
        (
            "nosuch://host/db",
            (
                "`storage` must be sqlite:///FILE, journal:///FILE or postgresql://... and open, but `nosuch://host/db`"
                " is not: "
            ),
        ),
        (
            "study.db",
            "`storage` must be sqlite:///FILE, journal:///FILE or postgresql://... and open, but `study.db` is not: ",
        ),
        (
            "postgresql://user@127.0.0.1:1/db",
            (
                "`storage` must be sqlite:///FILE, journal:///FILE or postgresql://... and open, but"
                " `postgresql://user@127.0.0.1:1/db` is not: "
            ),
        ),
        (
            "journal:///nowhere/at/all/log",
            "`storage` must be a writable journal file, but `/nowhere/at/all/log` is not: No such file or directory",
        ),
    ],
)
def test_a_storage_that_cannot_be_opened_is_one_sentence(url, sentence):
    with pytest.raises(UserError) as failure:
        open_at(url)
    assert str(failure.value).startswith(sentence) and "\n" not in str(failure.value)


def test_a_locked_database_is_waited_for(read, tmp_path):
    storage = open_at(f"sqlite:///{tmp_path}/study.db", patience=20)
    study, _ = open_study(storage, "s", read(SPACE))
    other = sqlite3.connect(tmp_path / "study.db", check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    threading.Timer(1.5, other.rollback).start()
    study.set_user_attr("written", True)
    assert study.user_attrs["written"]


def test_a_database_that_stays_locked_stops_the_search_and_loses_nothing(read, tmp_path):
    storage = open_at(f"sqlite:///{tmp_path}/study.db", patience=1)
    study, _ = open_study(storage, "s", read(SPACE))
    trial = study.ask()
    other = sqlite3.connect(tmp_path / "study.db")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageLost, match="must be writable, but is not after 1 s: .*locked.*; nothing is lost"):
        study.tell(trial, (1.0, 2.0))
    other.rollback()
    study.tell(trial, (1.0, 2.0))
    assert study.get_trials()[0].values == [1.0, 2.0]


def test_a_full_database_stops_the_search_and_loses_nothing(read, tmp_path):
    storage = open_at(f"sqlite:///{tmp_path}/study.db", patience=1)
    study, _ = open_study(storage, "s", read(SPACE))

    def set_limit(connection, *_):
        connection.execute(f"PRAGMA max_page_count = {set_limit.pages}")

    set_limit.pages = 1
    import sqlalchemy

    sqlalchemy.event.listen(storage.engine, "checkout", set_limit)
    with pytest.raises(StorageLost, match="full"):
        study.set_user_attr("text", "x" * 100_000)
    set_limit.pages = 100_000
    study.set_user_attr("text", "x" * 100_000)
    assert len(study.user_attrs["text"]) == 100_000


def test_a_torn_last_line_of_a_journal_is_cut(read, tmp_path):
    path = tmp_path / "study.log"
    study, _ = open_study(open_at(f"journal://{path}"), "s", read(SPACE))
    study.tell(study.ask(), (1.0, 2.0))
    with path.open("ab") as file:
        file.write(b'{"op_code": 4, "wor')
    again, is_new = open_study(open_at(f"journal://{path}"), "s", read(SPACE))
    assert not is_new and again.get_trials()[0].values == [1.0, 2.0]
    again.tell(again.ask(), (3.0, 4.0))
    assert repair_journal(path) == 0


def test_a_study_of_another_space_is_refused(read, tmp_path):
    storage = open_at(f"sqlite:///{tmp_path}/study.db")
    open_study(storage, "s", read(SPACE))
    assert open_study(storage, "s", read(SPACE))[1] is False
    wider = changed(SPACE, parameters={"n_layers": {"type": "int", "range": [1, 9]}})
    with pytest.raises(
        UserError,
        match="`study_name` must be a study of this space, but `s` was begun with another `parameters.n_layers`",
    ):
        open_study(storage, "s", read(wider))


def test_a_trial_has_one_place_and_a_second_attempt(read):
    study = optuna.create_study(directions=read(SPACE).directions)
    assert count_open(study, 2) == 2
    first = study.ask({"x": optuna.distributions.FloatDistribution(0, 1)})
    study.tell(first, state=optuna.trial.TrialState.FAIL)
    assert do_again(study, study.trials[0], "killed") and not do_again(study, study.trials[0], "killed")
    assert count_open(study, 2) == 2  # the second place, and the first again
    second = study.ask({"x": optuna.distributions.FloatDistribution(0, 1)})
    assert second.params == first.params
    study.tell(second, state=optuna.trial.TrialState.FAIL)
    assert not do_again(study, study.trials[1], "killed")
    assert [trial.number for trial in latest_of_each_place(study.trials)] == [1]
    assert count_open(study, 2) == 1


def test_a_process_is_known_by_its_start():
    worker = this_worker()
    assert is_alive(worker) is True
    assert is_alive({**worker, "started": 1}) is False
    assert is_alive({**worker, "host": "elsewhere"}) is None


def test_a_storage_repeats_each_call_of_optuna():
    assert PatientStorage.set_trial_state_values is not optuna.storages.RDBStorage.set_trial_state_values


# One trial


def job(folder, program=str(FAKE), **others):
    given = {
        "number": 0,
        "program": program,
        "command": "distill squad",
        "config": {"learning_rate": 1e-3},
        "folder": str(folder / "t"),
        "model_dir": str(folder / "t" / "model"),
        "searched": ("n_heads", "dropout"),
        "objectives": ("exact", "num_parameters"),
    }
    return Job(**{**given, **others})


def test_a_trial_returns_metrics_and_evaluations(tmp_path):
    outcome = run_job(job(tmp_path))
    assert outcome.state == "complete" and outcome.metrics["num_parameters"] == 7_000_000
    assert list(outcome.evaluations) == [1, 2, 3, 4]
    assert json.loads((tmp_path / "t" / "trial.json").read_text()) == {"learning_rate": 1e-3}


def script(tmp_path, text):
    path = tmp_path / "program"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("text", "state", "sentence"),
    [
        ("echo 'error: the loss is not finite' >&2; exit 3", "failed", "it diverged: the loss is not finite"),
        (
            "echo 'error: `memory` must hold the model' >&2; exit 2",
            "failed",
            "out of memory: `memory` must hold the model",
        ),
        (
            "echo 'error: internal error: CUDA out of memory' >&2; exit 70",
            "failed",
            "out of memory: internal error: CUDA out of memory",
        ),
        ("echo 'error: internal error: x' >&2; exit 70", "failed", "internal error: x"),
        (
            "echo 'error: `n_heads` must be 1 to 12, the heads of layer 0, but is 13' >&2; exit 2",
            "failed",
            "`n_heads` must be 1 to 12, the heads of layer 0, but is 13",
        ),
        (
            "echo 'error: `m`: dropout probabilities must lie in [0, 1), but one is 1' >&2; exit 2",
            "failed",
            "`m`: dropout probabilities must lie in [0, 1), but one is 1",
        ),
        ("echo 'error: `model` must be a folder' >&2; exit 2", "refused", "`model` must be a folder"),
        ("exit 127", "refused", "`{program}` must be a program on the trial's machine, but cannot be started: "),
        ("exit 143", "lost", "its process ended with exit code 143"),
        ("kill -9 $$", "lost", "its process ended by signal 9"),
        ("echo '{\"num_parameters\": 3}'", "failed", "`exact` must be a number in the results, but is None"),
        (
            'echo \'{"exact": NaN, "num_parameters": 3}\'',
            "failed",
            "`exact` must be a number in the results, but is nan",
        ),
    ],
)
def test_each_end_of_a_trial_has_its_state_and_sentence(tmp_path, text, state, sentence):
    outcome = run_job(job(tmp_path, program=script(tmp_path, text)))
    assert (outcome.state, outcome.text) == (state, sentence.replace("{program}", str(tmp_path / "program")))


def test_an_interrupted_trial_may_save_and_its_second_attempt_resumes(tmp_path):
    program = script(
        tmp_path,
        'trap "touch $0.saved; exit 143" TERM; shift 4; mkdir -p "$2"; echo {} > "$2/retort_config.json"; echo "$@" >>'
        " $0.flags\ni=0; while [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done",
    )
    for _ in range(2):
        config_written = tmp_path / "t" / "model" / "retort_config.json"
        config_written.unlink(missing_ok=True) if _ == 0 else None
        outcome = run_job(job(tmp_path, program=program, is_repeated=True), config_written.exists)
        assert outcome.state == "interrupted" and (tmp_path / "program.saved").exists()
    flags = (tmp_path / "program.flags").read_text().splitlines()
    assert flags[0].endswith("--overwrite_output_dir") and (len(flags) == 1 or flags[1].endswith("--resume"))


def test_a_trial_ends_with_the_process_that_runs_it(tmp_path):
    program = script(tmp_path, f"echo $$ > {tmp_path}/pid; sleep 60 & wait")
    code = (
        "import sys; sys.path.insert(0,"
        f" {os.path.dirname(os.path.dirname(sys.modules['retort_tune'].__file__))!r})\nfrom retort_tune.job import"
        f" *\nrun_job(Job(0, {program!r}, 'distill squad', {{}}, {str(tmp_path / 't')!r}, {str(tmp_path / 'm')!r}, (),"
        " ()))"
    )
    runner = subprocess.Popen([sys.executable, "-c", code])
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
        assert runner.poll() is None
    runner.kill()
    runner.wait()
    process = int((tmp_path / "pid").read_text())
    for _ in range(100):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        threading.Event().wait(0.05)
        with open(f"/proc/{process}/stat") as file:  # a zombie of a container without an init is gone too
            if file.read().rpartition(")")[2].split()[0] == "Z":
                return
    raise AssertionError("the trial lives on")


def test_the_loss_of_the_storage_is_found_behind_a_failure_of_optunas_clean_up():
    try:
        try:
            raise StorageLost("away")
        finally:
            raise UnboundLocalError("updated_state")
    except UnboundLocalError as failure:
        assert str(storage_loss_in(failure)) == "away"
    assert storage_loss_in(ValueError("other")) is None


def test_two_slots_do_not_claim_the_same_trial(tmp_path, monkeypatch):
    storage = open_storage(f"sqlite:///{tmp_path / 'study.db'}", 60, 5, lambda study, trial: None)
    study = optuna.create_study(storage=storage)
    study.enqueue_trial({"x": 1})
    (waiting,) = study.get_trials()
    # The read of a claim is past when its check begins, and the write comes after it.
    check = PatientStorage.check_trial_is_updatable
    monkeypatch.setattr(PatientStorage, "check_trial_is_updatable", lambda *each: (time.sleep(0.2), check(*each)))
    claimed = []
    threads = [
        threading.Thread(
            target=lambda: claimed.append(storage.set_trial_state_values(waiting._trial_id, optuna.trial.TrialState.RUNNING))
        )
        for _ in range(2)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(claimed) == [False, True]
