#!/usr/bin/env python3
"""Adds up the results of all tests from the files that `ctest` writes to <build>/test-results.

In:  the build folder: the test programs, which list their tests, and test-results/*.xml, one for each file of tests.
Out: one line per failed test, a line "N passed, N failed, N skipped", and exit code 1 when a test failed or did not run.
Why: ctest counts files of tests, and would not report a test that no file's filter selects.
"""
import argparse
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as xml


def list_tests(program):
    """The full names of a test program's tests, as --gtest_list_tests shows them; the disabled ones are left out."""
    listing = subprocess.run([program, "--gtest_list_tests"], capture_output=True, text=True, check=True).stdout
    names, suite = set(), ""
    for line in listing.splitlines():
        word = line.split("#")[0].strip()
        if line.startswith("  "):
            names.add(suite + word)
        elif word.endswith("."):
            suite = word
    return {name for name in names if "DISABLED_" not in name}


def read_results(folder, programs):
    """{program name: {test name: "passed", "failed" or "skipped"}} of all result files."""
    results = {name: {} for name in programs}
    for path in sorted(folder.glob("*.xml")):
        program = path.stem.split(".")[0]
        for case in xml.parse(path).getroot().iter("testcase"):
            name = f"{case.get('classname')}.{case.get('name')}"
            failed = case.find("failure") is not None
            skipped = case.get("result") == "skipped" or case.find("skipped") is not None
            if case.get("status") == "run":
                results.setdefault(program, {})[name] = "failed" if failed else "skipped" if skipped else "passed"
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    build = parser.parse_args().build
    programs = {path.name.removeprefix("test_"): path for path in sorted(build.glob("tests/**/test_*"))
                if path.is_file() and not path.suffix}
    results = read_results(build / "test-results", programs)
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for name, program in programs.items():
        for test in sorted(list_tests(program)):
            outcome = results[name].get(test, "failed")
            counts[outcome] += 1
            if outcome == "failed":
                print(f"{name}: {test} {'failed' if test in results[name] else 'did not run'}")
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
