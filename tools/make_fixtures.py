#!/usr/bin/env python3
"""Makes the files that the tests compare with, by other programs: one subject, several, or all.

    python tools/make_fixtures.py [SUBJECT...] [OPTION...]     # SUBJECT --help shows the options of a subject
    python tools/make_fixtures.py --list                       # the subjects, what each writes and needs

In:  the packages of requirements/fixtures.txt; a subject that needs others says so.
Out: the subject's files, in place; two runs give equal bytes. Exit code 1 when a subject failed.
Each subject runs in a process of its own, so that settings of one do not reach the next. tools/fixtures/ holds their modules.
"""
import argparse
import ast
import importlib
import itertools
import subprocess
import sys

from fixtures import PROJECT

MODULES = PROJECT / "tools" / "fixtures"
SUBJECTS = sorted(path.stem for path in MODULES.glob("*.py") if path.stem != "__init__")


def describe(subject):
    """The first sentence of the module's documentation; the module itself is not imported, since it may need packages."""
    text = ast.get_docstring(ast.parse((MODULES / f"{subject}.py").read_text(encoding="utf-8")))
    return " ".join(text.split("\n\n")[0].split())


def make(subject, words):
    try:
        module = importlib.import_module(f"fixtures.{subject}")
    except ImportError as missing:
        sys.exit(f"error: `{subject}` must find its packages, but: {missing}; it makes {describe(subject)}")
    parser = argparse.ArgumentParser(prog=f"make_fixtures.py {subject}", description=module.__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    if hasattr(module, "add_options"):
        module.add_options(parser)
    module.make(parser.parse_args(words))


def main():
    words = sys.argv[1:]
    subjects = list(itertools.takewhile(lambda word: not word.startswith("-"), words))
    options = words[len(subjects):]
    if options in (["--list"], ["--help"], ["-h"]) and not subjects:
        print(__doc__ if options != ["--list"] else "\n".join(f"{name:24}{describe(name)}" for name in SUBJECTS))
        return 0
    if unknown := [name for name in subjects if name not in SUBJECTS]:
        sys.exit(f"error: `{unknown[0]}` must be one of {', '.join(SUBJECTS)}")
    if len(subjects) == 1:
        make(subjects[0], options)
        return 0
    if options:
        sys.exit(f"error: `{options[0]}` must follow exactly one subject; --list shows them")
    failed = [name for name in subjects or SUBJECTS if subprocess.run([sys.executable, __file__, name], check=False).returncode != 0]
    if failed:
        print(f"error: not made: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
