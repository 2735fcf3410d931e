#!/usr/bin/env python3
"""Checks that docs/reference is what `retort reference` writes.

In:  the built program and a folder of pages (default: docs/reference above this script).
Out: one line per page that differs, is missing or belongs to no command; exit code 1 when there is one.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile


def read_pages(folder):
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))}


def find_differences(written, committed):
    for name in sorted(written.keys() | committed.keys()):
        if name not in committed:
            yield f"`{name}` is missing"
        elif name not in written:
            yield f"`{name}` is left over: no command has this page"
        elif written[name] != committed[name]:
            yield f"`{name}` differs from what the program writes"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=pathlib.Path, help="the built program, for example build/retort")
    default = pathlib.Path(__file__).resolve().parent.parent / "docs" / "reference"
    parser.add_argument("pages", nargs="?", type=pathlib.Path, default=default)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        command = [arguments.binary.resolve(), "reference", "--output_dir", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        errors = list(find_differences(read_pages(pathlib.Path(folder)), read_pages(arguments.pages)))
    for line in errors:
        print(f"error: {line}")
    if errors:
        print("hint: `build/retort reference --output_dir docs/reference` writes the pages anew; delete those left over")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
