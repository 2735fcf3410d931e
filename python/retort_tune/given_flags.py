"""The flags of the trial's command that stand on the command line of the search."""

from __future__ import annotations

from typing import Any

from .errors import UserError
from .program import Flag, nearest
from .space_file import OWN_FLAGS


def read_given_flags(words: list[str], flags: dict[str, Flag], command: str) -> dict[str, Any]:
    """The flags of the trial's command that stand on the command line."""
    given: dict[str, Any] = {}
    position = 0
    while position < len(words):
        word, position = words[position], position + 1
        name, equals, value = word.removeprefix("--").partition("=")
        name = name.replace("-", "_")
        flag = flags.get(name) or (flags.get(name[3:]) if name.startswith("no_") else None)
        if flag is None or flag.name in OWN_FLAGS:
            raise UserError(
                f"`--{name}` must be a flag of `retort tune` or `retort {command}`, but is"
                f" not{nearest(name, list(flags))}"
            )
        values = [value] if equals else []
        while not equals and position < len(words) and not words[position].startswith("--"):
            values.append(words[position])
            position += 1
        given[flag.name] = _value_of(flag, values, is_negated=flag.name != name and name.startswith("no_"))
    return given


def _value_of(flag: Flag, words: list[str], is_negated: bool) -> Any:
    if flag.kind in ("texts", "ints"):
        items = [item for word in words for item in word.split(",")]
        return [int(item) for item in items] if flag.kind == "ints" else items
    if flag.kind == "bool" and not words:
        return not is_negated
    if len(words) != 1:
        raise UserError(f"`--{flag.name}` must have one value, but has {len(words)}")
    value: Any = words[0]
    try:
        if flag.kind == "bool":
            value = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[value.lower()]
        elif flag.kind != "text":
            value = int(value) if flag.kind == "int" else float(value)
    except (KeyError, ValueError):
        pass
    if problem := flag.problem_with(value):
        raise UserError(f"`--{flag.name}` {problem}")
    return value
