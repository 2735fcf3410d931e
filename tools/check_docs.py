#!/usr/bin/env python3
"""Checks that what README.md, CONTRIBUTING.md and docs/*.md name exists.

In:  the built program (asked for its help) and a root folder (default: the folder above this script).
Out: one line per path, `make` target, `retort` command or flag that is named but does not exist; exit code 1 then.
Why: a reader who copies a line from the documentation must not be the first to run it.

It checks targets of relative links, and, in code blocks and between backticks, paths below the top folders of the
project, `make <target>` and `retort <command> --flag`. A flag without a command must belong to some command, to a
script of runs/, or to a published program that `retort compat` takes. `Suite.Name` between backticks is a test of tests/.
"""
import argparse
import functools
import pathlib
import re
import subprocess
import sys

TOP_FOLDERS = ["bench", "cmake", "configs", "docs", "python", "requirements", "src", "tests", "tools"]
FENCE = re.compile(r"^ *(```|~~~).*?^ *\1", re.MULTILINE | re.DOTALL)
INLINE_CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"(?<![\w./*-])(?:%s)/[\w./*+-]*" % "|".join(TOP_FOLDERS))
FLAG = re.compile(r"--[A-Za-z0-9][\w-]*")
RETORT = re.compile(r"^(?:\$ )?(?:\w+=\S* )*(?:\S*/)?retort\s+(.*)$")
MAKE = re.compile(r"^(?:\$ )?make ((?:[a-z][\w-]* ?)+)")
TEST_NAME = re.compile(r"[A-Z]\w*\.[A-Z]\w*")
TEST_MACRO = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", re.MULTILINE)
FLAGS_OF_ALL = {"--help", "--config", "--version"}


class Program:
    """The commands and flags of the built binary, from its help texts."""

    def __init__(self, binary):
        self.binary = binary

    @functools.lru_cache(maxsize=None)
    def help(self, words):
        """The help text of the command `words`; None when there is no such command."""
        run = subprocess.run([self.binary, "help", *words], capture_output=True, text=True, check=False)
        return run.stdout if run.returncode == 0 else None

    @functools.lru_cache(maxsize=None)
    def flags(self, words):
        """The flags of that command, aliases and `--no_` forms among them; None when there is no such command."""
        text = self.help(words)
        return None if text is None else FLAGS_OF_ALL | {normalize(flag) for flag in FLAG.findall(text)}

    @functools.lru_cache(maxsize=None)
    def all_flags(self):
        names = re.findall(r"^  (\w[\w ]*?)  ", self.help(()) or "", re.MULTILINE)
        return FLAGS_OF_ALL.union(*(self.flags(tuple(name.split())) or set() for name in names))


def normalize(flag):
    return "--" + flag[2:].replace("-", "_")


def split_code(text):
    """Lines of code blocks, continued lines joined, and the inline code of the rest."""
    fences = [match[0] for match in FENCE.finditer(text)]
    block_lines = [line.strip() for block in fences for line in block.replace("\\\n", " ").splitlines()[1:-1]]
    return block_lines, INLINE_CODE.findall(FENCE.sub("", text))


def check_path(root, document, path):
    """A path, or a pattern with `*`, relative to the root or to the document."""
    path = path.rstrip("./")
    found = any((base / path).exists() or ("*" in path and any(base.glob(path))) for base in (root, document.parent))
    return [] if found else [f"path `{path}` does not exist"]


def check_link(root, document, target):
    if re.match(r"[a-z]+:|#", target):
        return []
    return check_path(root, document, target.split("#")[0])


def check_make(root, line):
    makefile = root / "Makefile"
    match = MAKE.match(line)
    if not match or not makefile.exists():
        return []
    targets = set(" ".join(re.findall(r"^([\w -]+):(?!=)", makefile.read_text(), re.MULTILINE)).split())
    return [f"`make {word}` is not in the Makefile" for word in match[1].split() if word not in targets]


def check_command(program, line):
    """Problems of one command line; text after a pipe, a redirection or `#` is not checked."""
    problems = []
    for piece in re.split(r"[|;&]+", line):
        if not (match := RETORT.match(piece.strip())):
            continue
        words = re.split(r" [<>#]", " " + match[1].replace("[", " ").replace("]", " "))[0].split()
        names = []
        for word in words[:3]:
            if not re.fullmatch(r"[a-z][a-z0-9_]*", word):
                break
            names.append(word)
        flags = program.flags(tuple(names))
        if flags is None:
            problems.append(f"command `retort {' '.join(names)}` does not exist")
            continue
        if names[:1] == ["compat"]:  # the line of another program stands behind it
            continue
        if names[:1] in (["tune"], ["launch"]):  # flags of the command that they run may follow their own
            flags = program.all_flags()
        if names[:1] == ["help"]:
            flags = flags | {"--json"}
        used = [word.split("=")[0] for word in words if FLAG.match(word)]
        problems += [f"`retort {' '.join(names)}` has no flag `{flag}`" for flag in used if normalize(flag) not in flags]
    return problems


def check_lone_flags(root, program, code):
    words = code.split()
    if not words or not FLAG.match(words[0]):
        return []
    flags = [FLAG.match(word)[0] for word in words if FLAG.match(word)]
    known = program.all_flags() | script_flags(root) | published_flags(root)
    return [f"no command has the flag `{flag}`" for flag in flags if normalize(flag) not in known]


@functools.lru_cache(maxsize=None)
def script_flags(root):
    scripts = (root / "runs").glob("*.*") if (root / "runs").is_dir() else []
    return {normalize(flag) for script in scripts for flag in FLAG.findall(script.read_text(encoding="utf-8"))}


@functools.lru_cache(maxsize=None)
def published_flags(root):
    """The options of published programs, which `retort compat` takes."""
    tables = (root / "src/retort/compat").glob("*.cpp")
    return {normalize(flag) for table in tables for flag in FLAG.findall(table.read_text(encoding="utf-8"))}


@functools.lru_cache(maxsize=None)
def test_names(root):
    sources = (root / "tests").rglob("*_test.cpp")
    return {f"{suite}.{name}" for source in sources for suite, name in TEST_MACRO.findall(source.read_text(encoding="utf-8"))}


def check_test(root, code):
    is_missing = TEST_NAME.fullmatch(code) and code not in test_names(root)
    return [f"test `{code}` does not exist"] if is_missing else []


def check_document(root, document, program):
    text = document.read_text(encoding="utf-8")
    block_lines, inline = split_code(text)
    problems = [problem for target in LINK.findall(FENCE.sub("", text)) for problem in check_link(root, document, target)]
    for code in block_lines + inline:
        problems += [problem for path in PATH.findall(code) for problem in check_path(root, document, path)]
        problems += check_make(root, code) + check_command(program, code)
    for code in inline:
        problems += check_lone_flags(root, program, code) + check_test(root, code)
    return [f"`{document.relative_to(root)}`: {problem}" for problem in dict.fromkeys(problems)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=pathlib.Path, help="the built program, for example build/retort")
    parser.add_argument("root", nargs="?", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    arguments = parser.parse_args()
    program = Program(arguments.binary.resolve())
    documents = [arguments.root / "README.md", arguments.root / "CONTRIBUTING.md", *sorted((arguments.root / "docs").glob("*.md"))]
    errors = [line for path in documents if path.exists() for line in check_document(arguments.root, path, program)]
    for line in errors:
        print(f"error: {line}")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
