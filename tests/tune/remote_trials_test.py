"""`--trials_dir s3://...`: real trials of a tiny student, whose folders are in moto's store."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess

import pytest
from commands_test import QUICK, world  # noqa: F401  # a fixture
from object_store_test import BUCKET, World, moto  # noqa: F401  # a fixture
from retort_tune.errors import UserError
from retort_tune.job import Job, run_job
from retort_tune.pruning import FrontTrial, PruningRule
from retort_tune.remote import check_folder, claim, is_remote, join, local_copy
from search_test import wait_until

FIXED = {"model": "student", "teacher": "teacher", "train_file": "sample-v2.0.json", "dev_file": "sample-v2.0.json"}
SPACE = {
    "fixed": {**FIXED, "version_2_with_negative": True},
    "parameters": {"learning_rate": {"type": "double", "range": [1e-5, 1e-2], "transform": "log"}},
    "objectives": {"f1": "maximize", "num_parameters": "minimize"},
}
LONG = [*QUICK[2:-2], "--max_steps", "5000", "--eval_steps", "20"]


@pytest.fixture
def store(moto, tmp_path):  # noqa: F811
    store = World(moto, tmp_path)
    yield store
    store.clear()
    store.proxy.shutdown()


@pytest.fixture
def tune(real_program, world, store, tmp_path):  # noqa: F811
    """Starts a search in the folder of the tiny models."""
    (tmp_path / "space.json").write_text(json.dumps(SPACE))

    def start(*words, url=f"s3://{BUCKET}/trials", trials=2):
        command = [real_program, "tune", "--space", str(tmp_path / "space.json"), "--trials", str(trials), "--keep", "all"]
        command += ["--output_dir", str(tmp_path / "out"), "--trials_dir", url, "--quasi_random_trials", "0", *words]
        return subprocess.Popen(
            command, cwd=world, env=store.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    return start


def test_urls_of_trials_keep_their_options_and_have_a_copy_here(monkeypatch, tmp_path):
    assert is_remote("s3://b/k") and is_remote("gs://b") and not is_remote("/b") and not is_remote("file:///b")
    assert join("s3://b/k/?region=x", "study", "00001") == "s3://b/k/study/00001?region=x"
    assert join("/b/", "study") == "/b/study"
    monkeypatch.setenv("RETORT_CACHE", str(tmp_path))
    assert local_copy("s3://b/k/?region=x") == tmp_path / "object_stores" / "s3" / "b" / "k"
    assert str(local_copy("/b/k")) == "/b/k"


def test_an_interrupted_trial_is_continued_on_another_machine(tune, store, tmp_path):
    process = tune(*LONG, trials=1)
    first = "trials/search/00000/"
    wait_until(lambda: process.poll() is not None or first + "train_log.jsonl" in store.keys())
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    saved = [key for key in store.keys(first) if key.endswith("MANIFEST.json")]
    number = max(int(key.split("checkpoint-")[1].split("/")[0]) for key in saved if "checkpoint-" in key)
    shutil.rmtree(tmp_path / "cache")
    log = tmp_path / "out" / "trials" / "search" / "00000" / "log.txt"
    log.unlink()
    process = tune(*LONG, trials=1)
    wait_until(lambda: process.poll() is not None or (log.exists() and "continuing from" in log.read_text()))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130 and "error:" not in errors, errors
    assert f"checkpoint-{number}` at step {number} of 5000" in log.read_text()


def test_a_search_watches_its_trials_and_leaves_their_folders_in_the_store(tune, store, tmp_path):
    process = tune(*QUICK)
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert json.loads(output.splitlines()[-1])["complete"] == 2
    for place in ("00000", "00001"):
        keys = store.keys(f"trials/search/{place}/")
        assert {f"trials/search/{place}/{name}" for name in ("DONE", "model.safetensors", "train_log.jsonl")} <= set(keys)
        outcome = json.loads((tmp_path / "out" / "trials" / "search" / place / "outcome.json").read_text())
        assert list(outcome["evaluations"]) == ["1", "2"]  # read while it ran
    assert not (tmp_path / "cache" / "object_stores" / "s3" / BUCKET / "trials" / "search" / "00000").exists()
    entry = json.loads((tmp_path / "out" / "front.json").read_text())[0]
    assert entry["model"] == f"s3://{BUCKET}/trials/search/{entry['trial']:05d}"


def test_a_hopeless_trial_is_stopped_and_its_log_is_stored(real_program, world, store, tmp_path, monkeypatch):  # noqa: F811
    for name, value in store.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(world)
    numbers = {flag[2:]: int(value) for flag, value in zip(LONG[::2], LONG[1::2], strict=True)}
    config = {**SPACE["fixed"], **numbers, "save_steps": 0, "evaluate_during_training": True}
    rule = PruningRule("exact", "num_parameters", True, (FrontTrial(0, 1, dict.fromkeys(range(20, 5000, 20), 101.0)),))
    outcome = run_job(
        Job(
            number=0, program=real_program, command="distill squad", config=config, folder=str(tmp_path / "trial"),
            model_dir=f"s3://{BUCKET}/one", searched=(), objectives=("exact", "num_parameters"), rule=rule, seconds=120,
        )  # fmt: skip
    )
    assert outcome.state == "pruned" and outcome.text.startswith("at step 20, exact "), outcome
    assert b'"step":20' in store.get("one/train_log.jsonl").replace(b" ", b"")


def refuse_writes(request):
    return request.command in ("PUT", "POST") and (request.refuse(403, "AccessDenied") or True)


def refuse_all(request):
    return request.refuse(403, "AccessDenied") or True


@pytest.mark.parametrize(
    ("bucket", "fault", "sentence"),
    [
        (BUCKET, refuse_all, "must be accessible, but the store refused these credentials; set AWS_ACCESS_KEY_ID and"),
        (BUCKET, refuse_writes, "must be accessible, but the store refused these credentials; set AWS_ACCESS_KEY_ID"),
        ("nowhere", None, "must be in a bucket that exists, but there is no such bucket"),
    ],
)
def test_a_store_that_refuses_is_one_sentence(real_program, store, monkeypatch, bucket, fault, sentence):
    for name, value in store.env.items():
        monkeypatch.setenv(name, value)
    store.proxy.fault = fault or store.proxy.fault
    with pytest.raises(UserError) as failure:
        claim(real_program, "trials_dir", f"s3://{bucket}/trials", "0a1b")
    assert str(failure.value).startswith(f"`s3://{bucket}/trials/study.txt` {sentence}")
    assert "\n" not in str(failure.value) and "everything is kept" not in str(failure.value)


def test_a_bucket_without_permission_ends_the_search_before_the_first_trial(tune, store, tmp_path):
    store.proxy.fault = refuse_writes
    process = tune(*QUICK)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2 and "the store refused these credentials" in errors, errors
    assert errors.startswith("error: ") and errors.count("\n") == 1
    assert not list(tmp_path.glob("out/trials/search/0*"))


@pytest.mark.parametrize("path", ["s3://", "s3:///k", "gs://?region=x", "ftp://host/trials"])
def test_other_urls_are_no_folders_of_trials(path):
    check_folder("trials_dir", "s3://b")
    with pytest.raises(UserError) as failure:
        check_folder("trials_dir", path)
    assert str(failure.value) == f"`trials_dir` must be a folder, s3://BUCKET/KEY or gs://BUCKET/KEY, but is `{path}`"


def test_the_search_itself_stays_on_this_machine(tune):
    process = tune(*QUICK, "--output_dir", f"s3://{BUCKET}/out")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert errors.startswith("error: `output_dir` must be a folder of this machine, where the study and its report")


@pytest.mark.parametrize("kind", ["store", "folder"])
def test_a_folder_with_the_trials_of_another_study_is_refused(real_program, store, tmp_path, monkeypatch, kind):
    for name, value in store.env.items():
        monkeypatch.setenv(name, value)
    folder = f"s3://{BUCKET}/trials" if kind == "store" else str(tmp_path / "trials")
    claim(real_program, "trials_dir", folder, "0a1b")
    claim(real_program, "trials_dir", folder, "0a1b")
    with pytest.raises(UserError, match=f"`trials_dir` must be new or of this study, but `{folder}` has trials"):
        claim(real_program, "trials_dir", folder, "2c3d")
    assert os.listdir(tmp_path) == ([] if kind == "store" else ["trials"])
