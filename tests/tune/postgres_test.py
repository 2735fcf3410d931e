"""Searches whose study is in a PostgreSQL server; skipped where none is installed (Debian: postgresql)."""

from __future__ import annotations

import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import optuna
import psycopg
import pytest
from conftest import Tuner
from retort_tune.front import records_of
from search_test import wait_until

FOLDERS = [*map(os.path.dirname, filter(None, [shutil.which("initdb")])), *glob.glob("/usr/lib/postgresql/*/bin")]
pytestmark = pytest.mark.skipif(not FOLDERS, reason="PostgreSQL is not installed")


class Server:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))  # its socket needs a short path
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        if os.getuid() == 0:
            shutil.chown(self.folder, "nobody")
        self.call("initdb", "-U", "retort", "-A", "trust", "-E", "UTF8", "--no-sync")

    def call(self, name, *words):
        """Runs a program of the server on its data, as a user that is not root, which it refuses."""
        ordinary = ["setpriv", "--reuid=nobody", "--clear-groups", "--"] if os.getuid() == 0 else []
        command = [*ordinary, os.path.join(FOLDERS[-1], name), "-D", str(self.folder / "data"), *words]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)

    def start(self):
        options = f"-F -h 127.0.0.1 -p {self.port} -k {self.folder}"
        self.call("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self):
        self.call("pg_ctl", "-w", "-m", "immediate", "stop")

    def url(self, database):
        return f"postgresql://retort@127.0.0.1:{self.port}/{database}"

    def make(self, database):
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {database}")  # type: ignore[arg-type]
        return self.url(database)

    def count(self, url, state):
        try:
            with psycopg.connect(url) as connection:
                row = connection.execute("SELECT COUNT(*) FROM trials WHERE state::text = %s", (state,)).fetchone()
                return row[0]
        except psycopg.errors.UndefinedTable:
            return 0


@pytest.fixture(scope="module")
def server():
    server = Server()
    server.start()
    yield server
    server.stop()
    shutil.rmtree(server.folder, ignore_errors=True)


def trials_at(url):
    return optuna.load_study(study_name="search", storage=url)


def test_two_searches_begin_at_once_share_a_study_and_one_is_killed(tuner: Tuner, server):
    url = server.make("shared")
    settings = {"trials": 6, "prune": False, "storage": url, "heartbeat_seconds": 1}
    first = tuner.start(**settings, environment={"FAKE_SECONDS": "0.5"})
    other = tuner.start(**settings, environment={"FAKE_SECONDS": "60"}, output_dir=str(tuner.folder / "other"))
    trials = tuner.folder / "other" / "trials" / "search"
    wait_until(lambda: any(trials.glob("*/model/train_log.jsonl")) or other.poll() is not None)
    other.send_signal(signal.SIGKILL)
    assert other.communicate()[1].count("error:") == 0
    _, errors = first.communicate(timeout=120)
    assert first.returncode == 0, errors
    study = trials_at(url)
    assert [record.state for record in records_of(study)] == ["complete"] * 6
    (dead,) = [trial for trial in study.get_trials() if trial.state.name == "FAIL"]
    (again,) = [trial for trial in study.get_trials() if "again_because" in trial.user_attrs]
    assert again.params == dead.params and again.user_attrs["again_because"].endswith("died")


def test_a_server_that_stops_ends_the_search_cleanly_and_nothing_is_lost(tuner: Tuner, server):
    url = server.make("stopped")
    settings = {"trials": 4, "prune": False, "storage": url, "heartbeat_seconds": 1, "storage_seconds": 1}
    counts = tuner.folder / "counts"
    process = tuner.start(**settings, environment={"FAKE_SECONDS": "0.3", "FAKE_COUNTS": str(counts)})
    wait_until(lambda: server.count(url, "COMPLETE") >= 1)
    server.stop()
    try:
        _, errors = process.communicate(timeout=120)
    finally:
        server.start()
    assert process.returncode == 2, errors
    last = errors.splitlines()[-1]
    assert last.startswith(f"error: `{url}` must be writable, but is not after 1 s: "), errors
    assert last.endswith("; nothing is lost, and the same command continues")
    ended = tuner.run(**settings, environment={"FAKE_COUNTS": str(counts)})
    assert ended.code == 0 and ended.result["complete"] == 4, ended.errors
    assert [record.state for record in records_of(trials_at(url))] == ["complete"] * 4
    trained = counts.read_text().splitlines()
    assert len(trained) == len(set(trained)) == 4  # the result that could not be told was taken from its folder


def test_a_database_that_does_not_exist_is_one_sentence_without_the_password(tuner: Tuner, server):
    ended = tuner.run(trials=1, storage=server.url("none").replace("retort@", "retort:secret@"))
    assert ended.code == 2 and 'database "none" does not exist' in ended.errors
    assert ended.errors.count("\n") == 1 and "secret" not in ended.errors
