#!/usr/bin/env python3
"""Checks the structure of src/retort: the order of the layers in #include lines, and the header that declares each function.

In:  the sources below a root folder (default: the folder above this script).
Out: one line per forbidden include, and per function that the header of its file does not declare, and exit code 1; files of more
     than 500 lines are listed as warnings.
Why: CMake refuses a dependency on a higher layer, but a header can be included without linking anything. And a reader looks for a
     function in the files named after the header that declares it.
"""
import argparse
import pathlib
import re
import sys

# Folder -> folders it may include besides itself. An entry with a file name allows only that file.
MAY_INCLUDE = {
    "base": [],
    "store": ["base"],
    "text": ["base"],
    "kernel": ["base"],
    "data": ["base", "text", "kernel/ragged.h"],
    "corpus": ["base", "text", "data"],
    "model": ["base", "kernel"],
    "loss": ["base", "kernel"],
    "optim": ["base", "kernel"],
    "checkpoint": ["base"],
    "decode": ["base", "text", "data"],
    "metric": ["base", "decode"],
    "train": ["base", "kernel", "data", "loss", "optim", "checkpoint", "metric"],
    "pretrained": ["base", "text", "kernel", "data", "model", "checkpoint", "train"],
    "distill": ["base", "text", "kernel", "data", "model", "loss", "checkpoint", "train", "pretrained"],
    "augment": ["base", "text", "kernel", "data", "model", "train", "pretrained"],
    "task": ["base", "text", "kernel", "data", "corpus", "model", "loss", "optim", "checkpoint", "decode", "metric", "train", "pretrained", "distill"],
    "measure": ["base", "text", "kernel", "data", "model", "metric", "train", "pretrained", "distill", "task"],
    "recipe": ["base", "text", "kernel", "data", "corpus", "model", "loss", "checkpoint", "decode", "metric", "train", "pretrained", "distill",
               "augment", "task", "measure"],
    "compat": ["base", "recipe"],
    "cli": ["base", "store", "text", "data", "train/rank_discovery.h", "pretrained/hub_folder.h", "measure", "recipe", "compat"],
}
# Folders that must not include a tensor header, directly or through other headers.
WITHOUT_TENSORS = ["base", "store", "text", "data", "corpus", "compat", "cli"]
TENSOR_HEADER = re.compile(r"<(torch|ATen|c10|caffe2)/")
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<][^">]+[">])')
# Entry points, whose functions no header declares.
WITHOUT_HEADER = {"cli/main.cpp", "cli/instance_commands.cpp", "cli/tensor_commands.cpp"}
ANONYMOUS_NAMESPACE = re.compile(r"^namespace \{.*?^\}  // namespace$", re.M | re.S)
# A definition at the start of a line, as clang-format leaves those of a namespace: result, name, parameters, `{`.
DEFINITION = re.compile(
    r"^(?!using|struct|class|enum|namespace|return|static|extern|#|//|template|\}|typedef|constexpr|const [\w:]+ k)"
    r"[A-Za-z_][\w:<>,&*\[\]\s]*?[ &*>]((?:\w+::)*~?\w+)\((?:[^;{}]|\{\})*?\)(?: const)?(?: noexcept)?(?:\s*:[^;]*?)? \{", re.M)
SUFFIXES = {".h", ".cpp", ".inl", ".cu", ".cuh", ".inc"}
LONG_FILE_LINES = 500


def read_includes(path):
    """(line number, `"header"` or `<header>`) of each include line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(number, match[1]) for number, line in enumerate(lines, 1) if (match := INCLUDE.match(line))]


def own_path(header):
    """`"retort/base/file.h"` -> `base/file.h`; None for a header of somebody else."""
    return header[8:-1] if header.startswith(('"retort/', "<retort/")) else None


def find_forbidden(folder, header):
    """Why a file of `folder` must not include `header`; None when it may."""
    path = own_path(header)
    if path is None:
        return "headers of this project are included as \"retort/<folder>/<file>\"" if header.startswith('"') else None
    target = path.split("/")[0]
    allowed = MAY_INCLUDE[folder]
    if target == folder or target in allowed or path in allowed:
        return None
    return f"`{folder}` may include only {', '.join([*allowed, 'itself']) if allowed else 'itself'}"


def find_undeclared(path):
    """Names of the functions and classes that `path` defines, but the header with its name does not declare."""
    header = path.with_suffix(".h")
    declared = header.read_text(encoding="utf-8") if header.exists() else ""
    # The operations of an engine are a file each.
    engine_header = path.with_name("engine.h")
    engine = engine_header.read_text(encoding="utf-8") if engine_header.exists() else ""
    undeclared = []
    for match in DEFINITION.finditer(ANONYMOUS_NAMESPACE.sub("", path.read_text(encoding="utf-8"))):
        first, *rest = match[1].split("::")
        pattern = rf"(class|struct) {first}\b[^;]*\{{" if rest else rf"\b{re.escape(first)}\("
        if not re.search(pattern, declared + (engine if rest else "")):
            undeclared.append(match[1])
    return undeclared


def find_tensor_header(path, includes, seen):
    """The chain of files from `path` to the first tensor header that it reaches; [] when there is none."""
    for _, header in includes.get(path, []):
        if TENSOR_HEADER.match(header):
            return [path, header]
        target = own_path(header)
        if target and target not in seen:
            seen.add(target)
            if chain := find_tensor_header(target, includes, seen):
                return [path, *chain]
    return []


def check(source_folder):
    """Lines of errors and of warnings about the tree below `source_folder`."""
    errors, warnings = [], []
    files = sorted(path for path in source_folder.rglob("*") if path.suffix in SUFFIXES)
    includes = {path.relative_to(source_folder).as_posix(): read_includes(path) for path in files}
    for path in files:
        name = path.relative_to(source_folder).as_posix()
        folder = name.split("/")[0]
        if folder not in MAY_INCLUDE:
            errors.append(f"`{name}` must be in one of the folders {', '.join(MAY_INCLUDE)}, but is in `{folder}`")
            continue
        for number, header in includes[name]:
            if reason := find_forbidden(folder, header):
                errors.append(f"`{name}:{number}` must not include {header}: {reason}")
        if folder in WITHOUT_TENSORS and (chain := find_tensor_header(name, includes, {name})):
            errors.append(f"`{name}` must not see tensors, but does: {' -> '.join(chain)}")
        if path.suffix == ".cpp" and name not in WITHOUT_HEADER:
            header = name.removesuffix(".cpp") + ".h"
            errors += [f"`{name}` must define only what `{header}` declares, but defines `{function}`" for function in find_undeclared(path)]
        line_count = path.read_text(encoding="utf-8").count("\n")
        if line_count > LONG_FILE_LINES and path.suffix != ".inc":
            warnings.append(f"`{name}` has {line_count} lines; split it where its subject splits")
    return errors, warnings


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", nargs="?", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    source_folder = parser.parse_args().root / "src" / "retort"
    if not source_folder.is_dir():
        sys.exit(f"error: `{source_folder}` must be a folder, but is not")
    errors, warnings = check(source_folder)
    for line in warnings:
        print(f"warning: {line}")
    for line in errors:
        print(f"error: {line}")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
