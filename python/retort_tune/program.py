"""The program `retort`, asked for its commands and their flags (`retort help COMMAND --json`)."""

from __future__ import annotations

import dataclasses
import difflib
import json
import subprocess
from typing import Any

from .errors import UserError


@dataclasses.dataclass(frozen=True)
class Flag:
    name: str
    kind: str  # bool, int, float, text, texts, ints
    default: Any
    minimum: float | None
    maximum: float | None
    every: float | None  # a value below the minimum that means "all" or "as config.json says"
    choices: tuple[str, ...]
    aliases: tuple[str, ...]
    is_required: bool

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Flag:
        return cls(
            name=values["name"],
            kind=values["kind"],
            default=values["default"],
            minimum=values.get("min"),
            maximum=values.get("max"),
            every=values.get("all"),
            choices=tuple(values.get("choices", ())),
            aliases=tuple(values.get("aliases", ())),
            is_required=values.get("required", False),
        )

    def problem_with(self, value: Any) -> str:
        """What is wrong with a value, as "must be ..., but is ..."; empty when it is allowed."""
        kinds: dict[str, Any] = {
            "bool": bool,
            "int": int,
            "float": (int, float),
            "text": str,
            "texts": list,
            "ints": list,
        }
        is_number = self.kind in ("int", "float")
        if value is not None and (not isinstance(value, kinds[self.kind]) or (is_number and isinstance(value, bool))):
            return f"must be of kind {self.kind}, but is {json.dumps(value)}"
        if self.choices and value not in self.choices:
            return f"must be one of {', '.join(self.choices)}, but is {json.dumps(value)}"
        if is_number and value is not None and value != self.every:
            if self.minimum is not None and value < self.minimum or self.maximum is not None and value > self.maximum:
                return f"must be {self.limits}, but is {value}"
        return ""

    @property
    def limits(self) -> str:
        if self.minimum is not None and self.maximum is not None:
            return f"between {self.minimum:g} and {self.maximum:g}"
        return f"at least {self.minimum:g}" if self.minimum is not None else f"at most {self.maximum or 0:g}"


def nearest(word: str, names: list[str]) -> str:
    """ ", did you mean `x`?" for the most similar name; empty when none is similar."""
    found = difflib.get_close_matches(word, names, n=1)
    return f", did you mean `{found[0]}`?" if found else ""


class Program:
    def __init__(self, path: str) -> None:
        self.path = path

    def flags(self, command: str) -> dict[str, Flag]:
        """The flags of a command by name and alias. Raises UserError for a command that does not exist."""
        result = subprocess.run(
            [self.path, "help", *command.split(), "--json"], capture_output=True, text=True, check=False
        )
        if result.returncode != 0:
            raise UserError(last_error(result.stderr) or f"`{command}` must be a command of retort, but is not")
        flags = [Flag.from_json(values) for values in json.loads(result.stdout)["flags"]]
        return {name: flag for flag in flags for name in (flag.name, *flag.aliases)}


def last_error(log: str) -> str:
    """The sentences of a program's log that begin with `error:`, without that word."""
    return " ".join(line[7:] for line in log.splitlines() if line.startswith("error: "))
