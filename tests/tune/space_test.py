"""The search space: what is read, and the sentence for everything that is wrong in it."""

from __future__ import annotations

import json

import pytest
from conftest import ROOT, SPACE, changed
from retort_tune.errors import UserError
from retort_tune.space_file import read_command, read_space

LEARNING_RATE = SPACE["parameters"]["learning_rate"]


def test_a_trials_settings_are_fixed_drawn_and_derived(read):
    space = read(SPACE, ("--max_steps", "7", "--no_use_cache"))
    config = space.config_of({"learning_rate": 1e-3, "n_layers": 2, "n_heads": 3, "alpha_ce": 0.25})
    assert config == {
        "model": "student", "train_file": "train.json", "max_steps": 7, "use_cache": False,
        "learning_rate": 1e-3, "n_layers": 2, "n_heads": 3, "alpha_ce": 0.25, "alpha_squad": 0.75,
    }  # fmt: skip


def test_the_default_takes_the_commands_own_values_where_they_lie_in_the_range(read):
    assert read(SPACE).default == {"learning_rate": 5e-5, "alpha_ce": 0.5, "n_layers": 6, "n_heads": 12}


def test_a_threshold_is_a_constraint_with_the_objectives_direction(read):
    space = read(changed(SPACE, constraints={"HasAns_exact": {"at_least": 10}}))
    assert [each.text for each in space.constraints] == ["exact ≥ 5", "HasAns_exact ≥ 10"]
    assert space.constraints[0].violation({"exact": 3.0}) == 2.0
    smaller = changed(SPACE, objectives={"num_parameters": {"direction": "minimize", "threshold": 2e6}})
    assert read(smaller).constraints[1].violation({"num_parameters": 3e6}) == 1e6


def test_the_published_names_are_flags_of_ours(read):
    names = {"beta_1": "adam_beta1", "beta_2": "adam_beta2", "qa_dropout": "head_dropout"}
    parameters = {name: {"type": "double", "range": [0.7, 0.9]} for name in names}
    flags = {each.name: each.flag for each in read(changed(SPACE, parameters=parameters)).parameters}
    assert {name: flags[name] for name in names} == names


def test_the_published_search_has_its_seventeen_parameters_and_default(flags):
    path = ROOT / "configs" / "tune" / "distilbert-squad2.json"
    command, content = read_command(path)
    given = {"model": "distilbert-base-uncased", "train_file": "train-v2.0.json"}
    space = read_space(path, content, flags, given)
    assert command == "distill squad" and len(space.parameters) == 17
    ranges = {
        each.name: (each.distribution.low, each.distribution.high, each.distribution.log) for each in space.parameters
    }
    assert ranges["learning_rate"] == (2e-6, 1e-1, True) and ranges["beta_2"] == (0.7, 0.9999, False)
    assert ranges["n_layers"] == (1, 20, False) and ranges["per_compute_train_batch_size"] == (4, 32, False)
    assert ranges["dropout"] == (0.0, 0.999, False)  # 1 leaves nothing to learn from, and is refused
    assert set(space.default) == set(ranges)
    assert space.derived == {"alpha_squad": (1.0, "alpha_ce")}
    assert [(each.metric, each.direction) for each in space.objectives] == [
        ("exact", "maximize"),
        ("num_parameters", "minimize"),
    ]
    assert [each.text for each in space.constraints] == ["exact ≥ 50"]


def test_a_conditional_parameter_is_drawn_only_with_its_parents_values(read):
    parameters = {
        "optimizer": {"type": "categorical", "choices": ["adamw", "lamb"]},
        "weight_decay": {"type": "double", "range": [0.0, 0.1], "condition": {"optimizer": ["lamb"]}},
    }
    space = read(changed(SPACE, parameters=parameters))
    decay = next(each for each in space.parameters if each.name == "weight_decay")
    assert space.has_conditions and decay.applies({"optimizer": "lamb"}) and not decay.applies({"optimizer": "adamw"})


BAD = [
    (changed(SPACE, command="distil squad"), "unknown command `distil squad`, did you mean `distill squad`?"),
    (changed(SPACE, command="tokenize"), "`command` in `{path}` must train a model, but `retort tokenize` does not"),
    (
        changed(SPACE, parameter={}),
        (
            "`parameter` in `{path}` must be one of command, fixed, parameters, derived, default, objectives,"
            " constraints, store, but is not, did you mean `parameters`?"
        ),
    ),
    (
        changed(SPACE, parameters={"learnin_rate": LEARNING_RATE}),
        (
            "`parameters.learnin_rate` in `{path}` must be a flag of `retort distill squad`, but is not, did you mean"
            " `learning_rate`?"
        ),
    ),
    (
        changed(SPACE, parameters={"learning_rate": {**LEARNING_RATE, "range": [1e-2, 1e-5]}}),
        "`parameters.learning_rate.range` in `{path}` must rise, but is [0.01, 1e-05]",
    ),
    (
        changed(SPACE, parameters={"learning_rate": {**LEARNING_RATE, "range": [0, 1e-2]}}),
        "`parameters.learning_rate.range` in `{path}` must begin above 0 with the transform log, but begins at 0",
    ),
    (
        changed(SPACE, parameters={"learning_rate": {**LEARNING_RATE, "type": "int", "range": [1, 2.5]}}),
        "`parameters.learning_rate.range` in `{path}` must be two whole numbers, but is [1, 2.5]",
    ),
    (
        changed(SPACE, parameters={"n_layers": {"type": "double", "range": [1, 6]}}),
        "`parameters.n_layers.type` in `{path}` must be int, as --n_layers is of kind int, but is double",
    ),
    (
        changed(SPACE, parameters={"n_layers": {"type": "int", "range": [1, 600]}}),
        "`parameters.n_layers.range` in `{path}` must be between 0 and 512, but is 600",
    ),
    (
        changed(SPACE, parameters={"beta_1": {"type": "double", "range": [0.7, 1.5]}}),
        "`parameters.beta_1.range` in `{path}` must be between 0 and 1, but is 1.5",
    ),
    (
        changed(SPACE, parameters={"n_layers": {"type": "integer", "range": [1, 6]}}),
        '`parameters.n_layers.type` in `{path}` must be one of double, int, categorical, but is "integer"',
    ),
    (
        changed(SPACE, parameters={"n_layers": {"type": "int", "range": [1, 6], "step": 2}}),
        (
            "`parameters.n_layers` in `{path}` must have only type, range, transform, choices, condition and grid, but"
            " has `step`"
        ),
    ),
    (
        changed(SPACE, parameters={"optimizer": {"type": "categorical", "choices": ["adamw", "sgd"]}}),
        '`parameters.optimizer.choices` in `{path}` must be one of adamw, bertadam, lamb, but is "sgd"',
    ),
    (
        changed(SPACE, parameters={"output_dir": {"type": "categorical", "choices": ["a"]}}),
        "`parameters.output_dir` in `{path}` must be left to the search, which sets it for every trial, but is given",
    ),
    (
        changed(
            SPACE,
            parameters={
                "beta_1": {"type": "double", "range": [0.7, 0.9]},
                "adam_beta1": {"type": "double", "range": [0.7, 0.9]},
            },
        ),
        "`parameters.adam_beta1` in `{path}` must be another flag than all others, but --adam_beta1 is there already",
    ),
    (
        changed(SPACE, fixed={"n_layers": 4}),
        "`parameters.n_layers` in `{path}` must not have a fixed value too, but --n_layers is 4",
    ),
    (changed(SPACE, fixed={"max_steps": "many"}), '`fixed.max_steps` in `{path}` must be of kind int, but is "many"'),
    (
        changed(SPACE, fixed={"model": None}),
        (
            "`--model` must be given for `retort distill squad`, in `fixed` of `{path}` or on the command line, but is"
            " missing"
        ),
    ),
    (
        changed(SPACE, default={"n_layers": 9}),
        "`default.n_layers` in `{path}` must lie in the range of the parameter, but is 9",
    ),
    (
        changed(SPACE, derived={"alpha_squad": "1 - beta"}),
        '`derived.alpha_squad` in `{path}` must be "1 - a parameter", but is "1 - beta"',
    ),
    (
        changed(SPACE, objectives={"exakt": "maximize"}),
        (
            "`objectives.exakt` in `{path}` must be a metric of `retort distill squad`, but `exakt` is not, did you"
            " mean `exact`?"
        ),
    ),
    (
        changed(SPACE, objectives={"exact": "up"}),
        '`objectives.exact` in `{path}` must have the direction maximize or minimize, but has "up"',
    ),
    (
        changed(SPACE, objectives={"exact": None, "num_parameters": None}),
        "`objectives` in `{path}` must name at least one metric, but is empty",
    ),
    (
        changed(SPACE, constraints={"recall": {"at_least": 10}}),
        "`constraints.recall` in `{path}` must be a metric of `retort distill squad`, but `recall` is not",
    ),
    (
        changed(SPACE, constraints={"f1": 10}),
        '`constraints.f1` in `{path}` must be {{"at_least": a number}} or {{"at_most": a number}}, but is 10',
    ),
    (
        changed(SPACE, parameters={"n_layers": None, "n_heads": None, "learning_rate": None, "alpha_ce": None}),
        "`parameters` in `{path}` must name at least one parameter, but is empty",
    ),
]


@pytest.mark.parametrize(("space", "sentence"), BAD, ids=[sentence[:60] for _, sentence in BAD])
def test_each_mistake_is_one_sentence(read, tmp_path, space, sentence):
    with pytest.raises(UserError) as failure:
        read(space)
    assert str(failure.value).startswith(sentence.format(path=tmp_path / "space.json"))


def test_flags_of_the_command_line_are_checked_too(read):
    for words, sentence in (
        (
            ("--max_step", "3"),
            (
                "`--max_step` must be a flag of `retort tune` or `retort distill squad`, but is not, did you mean"
                " `max_steps`?"
            ),
        ),
        (("--max_steps", "x"), '`--max_steps` must be of kind int, but is "x"'),
        (("--max_steps", "1", "2"), "`--max_steps` must have one value, but has 2"),
        (("--dropout", "2"), "`--dropout` must be between -1 and 1, but is 2.0"),
    ):
        with pytest.raises(UserError) as failure:
            read(SPACE, words)
        assert str(failure.value) == sentence


def test_a_file_that_is_missing_or_no_json_is_named(tmp_path):
    with pytest.raises(UserError, match="must be a readable JSON file, but is not: No such file"):
        read_command(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text('// a comment\n{"command": }')
    with pytest.raises(UserError, match="must hold JSON, but line 2 does not"):
        read_command(tmp_path / "bad.json")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(UserError, match="must hold a JSON object, but does not"):
        read_command(tmp_path / "list.json")


def test_the_identity_tells_spaces_apart(read):
    same = json.dumps(read(SPACE).identity())
    assert json.dumps(read(json.loads(json.dumps(SPACE))).identity()) == same
    assert json.dumps(read(changed(SPACE, fixed={"max_steps": 4})).identity()) != same
    assert json.dumps(read(changed(SPACE, fixed={"threads": 4, "teacher_cache": "elsewhere"})).identity()) == same


@pytest.mark.parametrize("path", sorted((ROOT / "configs" / "tune").glob("*.json")), ids=lambda path: path.stem)
def test_every_space_of_the_project_is_read_and_names_its_line(path, real_program):
    from retort_tune.program import Program
    from retort_tune.given_flags import read_given_flags

    command, content = read_command(path)
    flags = Program(real_program).flags(command)
    line = next(line for line in path.read_text().splitlines() if line.startswith("//   retort tune "))
    words = line.split()[3:]
    assert words[1] == str(path.relative_to(ROOT))
    own = {"--space", "--study_name", "--trials", "--output_dir"}
    others = [
        word for name, value in zip(words[::2], words[1::2], strict=True) if name not in own for word in (name, value)
    ]
    space = read_space(path, content, flags, read_given_flags(others, flags, command))
    assert set(space.default) == {each.name for each in space.parameters}


def test_a_bare_name_is_a_space_of_the_project():
    from retort_tune.__main__ import find_space

    assert find_space("question-world") == ROOT / "configs" / "tune" / "question-world.json"
    assert str(find_space("none")) == "none"
