"""Tests of the checking tools: each runs on a small tree with known faults.

A script stands in for the program and answers `help` as the program does.
"""
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

TOOLS = pathlib.Path(sys.argv.pop())

PROGRAM = """#!/bin/sh
[ "$1" = reference ] && { echo page > "$3/a.md"; exit 0; }
[ "$1" = help ] || exit 2
shift
case "$*" in
  "") printf 'retort\\n\\nUse\\n  finetune squad         train\\n  version                which\\n' ;;
  "finetune") echo "  finetune squad  train" ;;
  "finetune squad"*) printf 'retort finetune squad: train\\n  --learning_rate FLOAT   Rate. [also --lr]\\n  --fast, --no_fast   Go.\\n' ;;
  "compat"*) printf 'retort compat: lines\\n  --print\\n' ;;
  "version"*) echo "retort version: which" ;;
  *) exit 2 ;;
esac
"""


class Tree:
    """A temporary project with the files given as path -> content."""

    def __init__(self, files):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(content))
        self.program = self.root / "program"
        self.program.write_text(PROGRAM)
        self.program.chmod(0o755)

    def run(self, tool, *arguments):
        """(exit code, lines) of a tool."""
        run = subprocess.run([sys.executable, TOOLS / tool, *arguments], capture_output=True, text=True, check=False)
        return run.returncode, (run.stdout + run.stderr).splitlines()


class Layers(unittest.TestCase):
    def check(self, files):
        tree = Tree(files)
        self.addCleanup(tree.folder.cleanup)
        return tree.run("check_layers.py", tree.root)

    def test_allowed(self):
        code, lines = self.check({
            "src/retort/base/a.h": "#include <vector>\n",
            "src/retort/kernel/ragged.h": '#include "retort/base/a.h"\n',
            "src/retort/data/b.h": '#include "retort/kernel/ragged.h"\n#include "retort/data/c.h"\n',
            "src/retort/model/m.h": "#include <ATen/ATen.h>\n",
        })
        self.assertEqual((code, lines), (0, []))

    def test_higher_layer(self):
        code, lines = self.check({"src/retort/text/a.cpp": '\n#include "retort/data/b.h"\n'})
        self.assertEqual(code, 1)
        self.assertEqual(lines, ['error: `text/a.cpp:2` must not include "retort/data/b.h": `text` may include only base, itself'])

    def test_data_knows_one_header_of_kernel(self):
        code, lines = self.check({"src/retort/data/a.h": '#include "retort/kernel/token_rows.h"\n'})
        self.assertEqual(code, 1)
        self.assertIn("`data` may include only base, text, kernel/ragged.h, itself", lines[0])

    def test_lower_but_separate(self):
        for folder, header in [("loss", "model/m.h"), ("train", "model/m.h"), ("checkpoint", "kernel/k.h"), ("cli", "kernel/k.h")]:
            self.assertEqual(self.check({f"src/retort/{folder}/a.h": f'#include "retort/{header}"\n'})[0], 1, folder)

    def test_tensors_reached_through_a_header(self):
        code, lines = self.check({
            "src/retort/cli/a.cpp": '#include "retort/recipe/r.h"\n',
            "src/retort/recipe/r.h": '#include "retort/model/m.h"\n',
            "src/retort/model/m.h": "#include <torch/types.h>\n",
        })
        self.assertEqual(code, 1)
        self.assertEqual(lines, ["error: `cli/a.cpp` must not see tensors, but does: "
                                 "cli/a.cpp -> recipe/r.h -> model/m.h -> <torch/types.h>"])

    def test_unknown_folder_short_include_long_file(self):
        code, lines = self.check({
            "src/retort/util/a.h": "",
            "src/retort/base/b.cpp": '#include "b.h"\n' + "\n" * 500,
        })
        self.assertEqual(code, 1)
        self.assertTrue(lines[0].startswith("warning: `base/b.cpp` has 501 lines"), lines)
        self.assertIn('`base/b.cpp:1` must not include "b.h"', lines[1])
        self.assertIn("but is in `util`", lines[2])

    def test_inline_files_are_read(self):
        self.assertEqual(self.check({"src/retort/kernel/cpu/a.inl": '#include "retort/data/b.h"\n'})[0], 1)

    def test_functions_are_declared_in_their_header(self):
        code, lines = self.check({
            "src/retort/base/a.h": "class Line {\n};\nint length(int a);\n",
            "src/retort/base/a.cpp": "namespace {\nint own() {\n}\n}  // namespace\nint length(int a) {\n}\n"
                                     "int Line::width() const {\n}\nint other(int a,\n          int b) {\n}\n",
            "src/retort/base/b.cpp": "int length(int a) {\n}\n",
        })
        self.assertEqual(code, 1)
        self.assertEqual(lines, ["error: `base/a.cpp` must define only what `base/a.h` declares, but defines `other`",
                                 "error: `base/b.cpp` must define only what `base/b.h` declares, but defines `length`"])

    def test_no_sources(self):
        self.assertEqual(self.check({"a": ""})[0], 1)


class Docs(unittest.TestCase):
    def check(self, text):
        tree = Tree({"README.md": text, "docs/a.md": "", "runs/all.sh": "--stage", "tests/a_test.cpp": "TEST_F(Suite,\n       Name) {\n", "src/retort/base/file.h": "", "src/retort/compat/a.cpp": 'same("--dump_path")', "Makefile": "demo test: setup\n\techo\n"})
        self.addCleanup(tree.folder.cleanup)
        code, lines = tree.run("check_docs.py", tree.program, tree.root)
        return code, [line.removeprefix("error: `README.md`: ") for line in lines]

    def test_what_exists(self):
        self.assertEqual(self.check("""\
            See [a](docs/a.md#part), [web](https://example.org), `src/retort/base/`, `src/retort/*/file.h`, `make demo`.
            `retort finetune --help` and `--lr`, `--no-fast`, `--learning-rate 3`, `--stage all`. `Suite.Name`.
            ```
            $ build/retort finetune squad --learning_rate=1 \\
                --lr 2 [--fast] < in > out 2>&1 | grep --color x   # retort
            make test
            OMP_NUM_THREADS=1 retort version
            retort compat train.py --options_of "another program"
            ```
            `--dump_path`
            """), (0, []))

    def test_what_does_not_exist(self):
        code, lines = self.check("""\
            [b](docs/b.md) `src/retort/none.h` `--speed` `Suite.Other`
            ```
            retort finetune squad --rate 3
            retort finetoon squad
            make coffee
            ```
            """)
        self.assertEqual(code, 1)
        self.assertEqual(lines, [
            "path `docs/b.md` does not exist",
            "`retort finetune squad` has no flag `--rate`",
            "command `retort finetoon squad` does not exist",
            "`make coffee` is not in the Makefile",
            "path `src/retort/none.h` does not exist",
            "no command has the flag `--speed`",
            "test `Suite.Other` does not exist",
        ])


class Reference(unittest.TestCase):
    def check(self, files):
        tree = Tree({f"pages/{name}": content for name, content in files.items()})
        self.addCleanup(tree.folder.cleanup)
        return tree.run("check_reference.py", tree.program, tree.root / "pages")

    def test_same(self):
        self.assertEqual(self.check({"a.md": "page\n"}), (0, []))

    def test_different(self):
        code, lines = self.check({"a.md": "old\n", "b.md": ""})
        self.assertEqual(code, 1)
        self.assertEqual(lines[:2], ["error: `a.md` differs from what the program writes",
                                     "error: `b.md` is left over: no command has this page"])
        self.assertEqual(self.check({"c.md": ""})[1][0], "error: `a.md` is missing")


class Fixtures(unittest.TestCase):
    def run_tool(self, *arguments):
        run = subprocess.run([sys.executable, TOOLS / "make_fixtures.py", *arguments], capture_output=True, text=True, check=False)
        return run.returncode, (run.stdout + run.stderr).splitlines()

    def test_list_shows_files_and_packages_of_each_subject(self):
        code, lines = self.run_tool("--list")
        self.assertEqual(code, 0)
        self.assertEqual([line.split()[0] for line in lines], sorted(path.stem for path in (TOOLS / "fixtures").glob("[!_]*.py")))
        for line in lines:
            self.assertRegex(line, r"^\w+ +(tests|src)/\S+.*: .* \(.+\)\.$")

    def test_refusals(self):
        code, lines = self.run_tool("nothing")
        self.assertEqual(code, 1)
        self.assertTrue(lines[0].startswith("error: `nothing` must be one of augment, "), lines)
        code, lines = self.run_tool("glue", "parity", "--only", "x")
        self.assertEqual((code, lines), (1, ["error: `--only` must follow exactly one subject; --list shows them"]))


if __name__ == "__main__":
    unittest.main()
