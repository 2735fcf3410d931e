"""The search on a Ray cluster: two nodes on this machine, one of which is killed in the middle of a trial."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from conftest import FAKE
from search_test import counted, records, wait_until

RAY = Path(sys.executable).parent / "ray"


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


def raylets(folder):
    """The process ids of the raylets of a cluster."""
    found = set()
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            command = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if command[0].endswith(b"/raylet") and any(str(folder).encode() in word for word in command):
            found.add(int(process))
    return found


class Cluster:
    def __init__(self, real_program):
        self.folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))  # its sockets need a short path
        self.address = f"127.0.0.1:{free_port()}"
        self.environment = {
            **os.environ,
            "FAKE_SECONDS": "3",
            "REAL_RETORT": real_program,
            "RAY_DISABLE_IMPORT_WARNING": "1",
        }

    def start(self, *words):
        before = raylets(self.folder)
        command = [
            str(RAY),
            "start",
            "--num-cpus",
            "1",
            "--num-gpus",
            "0",
            "--object-store-memory",
            "80000000",
            "--disable-usage-stats",
            *words,
        ]
        result = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120)
        assert result.returncode == 0, result.stdout + result.stderr
        (new,) = raylets(self.folder) - before
        return new

    def start_head(self):
        host, port = self.address.split(":")
        return self.start(
            "--head",
            "--node-ip-address",
            host,
            "--port",
            port,
            "--include-dashboard",
            "false",
            "--temp-dir",
            str(self.folder),
        )

    def start_node(self):
        return self.start("--address", self.address, "--node-ip-address", "127.0.0.1")

    def stop(self):
        """Ends the processes of this cluster alone."""
        for process in filter(str.isdigit, os.listdir("/proc")):
            try:
                if str(self.folder).encode() in Path(f"/proc/{process}/cmdline").read_bytes():
                    os.kill(int(process), signal.SIGKILL)
            except OSError:
                continue
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def cluster(real_program):
    cluster = Cluster(real_program)
    yield cluster
    cluster.stop()


def test_a_node_that_dies_in_the_middle_of_a_trial_loses_none(tuner, cluster):
    cluster.start_head()
    second = cluster.start_node()
    process = tuner.start(trials=8, ray_address=cluster.address, max_concurrent=2, num_cpu=1, prune=False)
    wait_until(
        lambda: (
            counted(tuner, "RUNNING") == 2
            and len(list((tuner.folder / "out").glob("trials/*/*/model/train_log.jsonl")))
            > counted(tuner, "COMPLETE") + 1
            or process.poll() is not None
        )
    )
    assert process.poll() is None, process.communicate()
    time.sleep(0.5)
    os.kill(second, signal.SIGKILL)
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, output + errors
    assert [(record.place, record.state) for record in records(tuner)] == [
        (place, "complete") for place in sorted(record.place for record in records(tuner))
    ]
    assert len(records(tuner)) == 8
    lost = [trial for trial in tuner.study().get_trials() if trial.state.name == "FAIL"]
    assert len(lost) == 1 and "died" in lost[0].user_attrs["text"]
    # More than one machine of the cluster has: one sentence.
    ended = tuner.run(trials=8, ray_address=cluster.address, num_cpu=64)
    assert ended.code == 2 and ended.errors.splitlines()[-1].startswith(
        "error: `num_cpu` and `num_gpu` must fit on one machine of the cluster, but none of its"
    )


def test_an_address_where_nothing_listens_is_one_sentence(tuner):
    port = free_port()
    ended = tuner.run(trials=2, ray_address=f"127.0.0.1:{port}")
    assert ended.code == 2
    assert ended.errors.splitlines() == [
        f"error: `ray_address` must be a running Ray cluster, but `127.0.0.1:{port}` does not answer: Connection"
        " refused; `ray start --head` starts one"
    ]
    ended = tuner.run(trials=2, ray_address="somewhere")
    assert ended.errors.splitlines() == [
        "error: `ray_address` must be HOST:PORT, ray://HOST:PORT or auto, but is `somewhere`"
    ]


def test_an_address_where_something_else_listens_is_one_sentence_in_time(tuner):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        started = time.monotonic()
        ended = tuner.run(trials=2, ray_address=address)
    assert ended.code == 2 and f"but `{address}` " in ended.errors.splitlines()[-1]
    assert time.monotonic() - started < 60


def test_the_trials_program_is_the_machines_own(tuner, cluster):
    cluster.environment["FAKE_SECONDS"] = "0"
    cluster.start_head()
    copy = tuner.folder / "elsewhere"
    copy.mkdir()
    shutil.copy(FAKE, copy / "retort")
    ended = tuner.run(
        trials=2,
        ray_address=cluster.address,
        ray_program=str(copy / "retort"),
        environment={"RETORT_PROGRAM": str(FAKE)},
    )
    assert ended.code == 0 and ended.result["complete"] == 2, ended.errors
