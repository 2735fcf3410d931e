"""Trials' folders in an object store. The program alone talks to stores: it writes a folder on its own machine and stores
it from there, so what runs beside it reads the copy of this machine (docs/object_stores.md)."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from .errors import UserError
from .program import last_error


def is_remote(path: str) -> bool:
    return path.startswith(("s3://", "gs://"))


def join(root: str, *names: str) -> str:
    """A path or URL below another one; options of a URL stay at its end."""
    path, mark, options = root.partition("?") if is_remote(root) else (root, "", "")
    return "/".join([path.rstrip("/"), *names]) + mark + options


def local_copy(path: str) -> Path:
    """Where this machine has a folder: the path itself, or the copy that the program writes and stores."""
    if not is_remote(path):
        return Path(path)
    scheme, _, location = path.partition("?")[0].partition("://")
    return _cache_folder() / "object_stores" / scheme / location.rstrip("/")


def drop_local_copy(path: str) -> None:
    """Frees the disk of what the store has whole."""
    folder = local_copy(path)
    shutil.rmtree(folder, ignore_errors=True)
    (folder.parent / f".{folder.name}.synced.json").unlink(missing_ok=True)


def _cache_folder() -> Path:
    """As user_cache_folder of src/retort/base/folder.cpp chooses it."""
    shared = os.environ.get("XDG_CACHE_HOME", "")
    choices = [Path(chosen).absolute()] if (chosen := os.environ.get("RETORT_CACHE")) else []
    choices += [Path(shared) / "retort"] if shared.startswith("/") else []
    choices += [Path.home() / ".cache" / "retort"]
    return next(filter(_is_writable, choices), Path(tempfile.gettempdir()) / f"retort-{os.getuid()}")


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def check_folder(flag: str, path: str) -> None:
    has_bucket = path.partition("://")[2].split("?")[0].partition("/")[0] != ""
    if "://" in path and not (is_remote(path) and has_bucket):
        raise UserError(f"`{flag}` must be a folder, s3://BUCKET/KEY or gs://BUCKET/KEY, but is `{path}`")


def claim(program: str, flag: str, folder: str, owner: str) -> None:
    """Writes into a folder whose it is: study.txt. Raises UserError when it belongs to another study, or when the
    folder or its store refuses the file."""
    path = join(folder, "study.txt")
    try:
        there = _read_remote(program, path) if is_remote(path) else _read_local(Path(path))
        if there not in ("", owner):
            raise UserError(
                f"`{flag}` must be new or of this study, but `{folder}` has trials of another one; choose another"
                f" --{flag}"
            )
        _write_remote(program, path, owner) if is_remote(path) else _write_local(Path(path), owner)
    except OSError as failure:
        raise UserError(
            f"`{flag}` must be a writable folder, but `{folder}` is not: {failure.strerror}"
        ) from failure


def _read_local(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""


def _write_local(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


def _read_remote(program: str, url: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder) / "there.txt"
        problem = _copy(program, url, str(there), folder)
        if problem and "there is nothing at" not in problem:
            raise UserError(problem)
        return _read_local(there)


def _write_remote(program: str, url: str, text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder) / "here.txt"
        _write_local(here, text)
        if problem := _copy(program, str(here), url, folder):
            raise UserError(problem)


def _copy(program: str, source: str, target: str, cache: str) -> str:
    """Copies a line of text by the program, from or to a store, without what it knows of earlier copies. Returns the
    error, empty without one."""
    words = [program, "data", "text", "--input", source, "--output_file", target, "--overwrite"]
    environment = {**os.environ, "RETORT_CACHE": cache}
    ended = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    if ended.returncode == 0:
        return ""
    return last_error(ended.stderr).partition("; everything is kept in ")[0] or f"exit code {ended.returncode}"
