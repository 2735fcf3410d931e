"""Processes of a slow network: each runs in a network namespace of its own, 30 ms from the others, with loss. One that dies or hangs is
named by all others within the time-out; those that are only far away are not.

Called with the program and the folder of bench/ as its last arguments. Skipped where no network namespace can be made.
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BENCH = sys.argv.pop()
PROGRAM = sys.argv.pop()
sys.path.insert(0, BENCH)
import slow_network  # noqa: E402

TIMEOUT = 4
WORDS = "the old river runs past a green house and nobody knew when it was built there by two brothers from another town".split()


def write_questions(path, count):
    paragraphs = []
    for i in range(count):
        context = " ".join(WORDS[(i * 7 + k * (1 + i % 3)) % len(WORDS)] for k in range(30))
        answer = context.split()[i % 20]
        paragraphs.append({"context": context, "qas": [{"id": f"q{i}", "question": f"who is {answer} ?",
                                                        "answers": [{"text": answer, "answer_start": context.index(answer)}]}]})
    path.write_text(json.dumps({"version": "1.1", "data": [{"title": "t", "paragraphs": paragraphs}]}), encoding="utf-8")


class SlowNetwork(unittest.TestCase):
    def start(self, network, folder, more):
        words = [PROGRAM, "finetune", "squad", "--model", "preset:bert-tiny", "--vocab_file", folder / "vocab.txt", "--train_file", folder / "train.json",
                 "--output_dir", folder / "out", "--max_seq_length", "64", "--doc_stride", "32", "--max_query_length", "16", "--threads", "1",
                 "--per_device_train_batch_size", "2", "--process_timeout", str(TIMEOUT), "--logging_steps", "1", "--no_use_cache", *more]
        started = []
        for rank in range(network.count):
            own = {"RANK": rank, "WORLD_SIZE": network.count, "MASTER_ADDR": network.address(0), "GLOO_SOCKET_IFNAME": network.interface}
            started.append(subprocess.Popen([str(word) for word in network.words(rank, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                            env={**os.environ, **{name: str(value) for name, value in own.items()}}))
        self.addCleanup(self.end, started)
        return started

    @staticmethod
    def end(started):
        for process in started:
            process.kill()
            process.communicate()

    def setUp(self):
        if reason := slow_network.why_not():
            self.skipTest(reason)
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = pathlib.Path(made.name)
        write_questions(self.folder / "train.json", 200)
        (self.folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "who", "is", "?", *WORDS]), encoding="utf-8")

    def wait_for_steps(self, started, count):
        log = self.folder / "out" / "train_log.jsonl"
        for _ in range(1200):
            if log.exists() and log.read_text(encoding="utf-8").count('"event":"train"') >= count:
                return
            if any(process.poll() is not None for process in started):
                break
            time.sleep(0.1)
        self.fail(f"no {count} steps: {[process.communicate()[1] for process in started if process.poll() is not None]}")

    def test_far_processes_train(self):
        with slow_network.Network(3, megabits=100, delay_ms=30, loss=0.005) as network:
            started = self.start(network, self.folder, ["--max_steps", "3"])
            for process in started:
                self.assertEqual(process.wait(timeout=300), 0, process.stderr.read())

    def check_one_is_named(self, number, reason):
        with slow_network.Network(3, megabits=100, delay_ms=30, loss=0.005) as network:
            started = self.start(network, self.folder, ["--max_steps", "1000"])
            self.wait_for_steps(started, 2)
            begin = time.monotonic()
            # `ip netns exec` becomes the program, so its process is the rank.
            started[1].send_signal(number)
            for rank in (0, 2):
                exit_code, errors = started[rank].wait(timeout=300), started[rank].stderr.read()
                self.assertEqual(exit_code, 75, errors)
                self.assertIn("rank 1 of 3", errors)
                self.assertIn(reason, errors)
            # Three intervals of heartbeats, and a last checkpoint, beside the time-out itself.
            self.assertLess(time.monotonic() - begin, TIMEOUT + 15)

    def test_one_that_dies_is_named(self):
        self.check_one_is_named(signal.SIGKILL, "failed: ")

    def test_one_that_hangs_is_named(self):
        self.check_one_is_named(signal.SIGSTOP, f"no heartbeat for {TIMEOUT} s")


if __name__ == "__main__":
    unittest.main()
