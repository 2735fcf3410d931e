"""What the tests of the corpus commands share: the program, which is the last argument of their scripts, and a scratch folder for each test."""
import pathlib
import resource
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop()
WORDS = "the old river runs past a green house and nobody knew when it was built there".split()


def run(*words, limit=None):
    """Runs a command; `limit` is the largest file that it may write, in bytes."""
    def restrict():
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, check=False, preexec_fn=restrict)


class CorpusCase(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.scratch.name)

    def tearDown(self):
        self.scratch.cleanup()
