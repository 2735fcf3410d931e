"""The corpus commands are stopped at random moments, by SIGTERM and by kill -9, and repeated until they end: their files have the bytes of an
uninterrupted run.

Called with the program as its last argument; the seed of the moments is printed by a failing test.
"""
import bz2
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = sys.argv.pop()
STOPS = 10  # attempts to stop a command
WORDS = "the old river runs past a green house and nobody knew when it was built there by two brothers from another town".split()


def sentences(draw, count):
    return " ".join(" ".join(draw.choices(WORDS, k=draw.randint(4, 14))).capitalize() + "." for _ in range(count))


def remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def make_dump(page_count):
    draw = random.Random(7)
    pages = ["<mediawiki><siteinfo><base>https://en.wikipedia.org/wiki/Main_Page</base></siteinfo>\n"]
    for i in range(page_count):
        identity = 3 if i == page_count - 1 else i + 1  # the last page repeats an id of the first file
        text = f"'''Page {i}''' is {{{{a|b}}}} [[here|there]]. " + sentences(draw, draw.randint(5, 60)) + f"\n\n== Head ==\n{sentences(draw, 9)}\n"
        pages.append(f"<page><title>Page {i}</title><ns>{10 if i % 50 == 9 else 0}</ns><id>{identity}</id><revision><text>{text}</text></revision></page>\n")
    return ("".join(pages) + "</mediawiki>\n").encode()


def compress(dump):
    """Several streams, as Wikipedia publishes them, with blocks of 100 kB."""
    step = 700_000
    return b"".join(bz2.compress(dump[at:at + step], 1) for at in range(0, len(dump), step))


class CorpusCrash(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.scratch.name)
        self.seed = random.randrange(1 << 30)
        self.draw = random.Random(self.seed)

    def tearDown(self):
        self.scratch.cleanup()

    def finish(self, words):
        done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, f"seed {self.seed}: {done.stderr}")
        return json.loads(done.stdout), done.stderr

    def interrupt(self, words, seconds, is_finished, clear):
        """Stops the command at random moments; returns what it wrote on standard error."""
        errors, stops = "", 0
        for attempt in range(STOPS):
            number = (signal.SIGTERM, signal.SIGKILL)[attempt % 2]
            process = subprocess.Popen([PROGRAM, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            time.sleep(self.draw.uniform(0.01, 0.8 * seconds))
            process.send_signal(number)
            errors += process.communicate()[1]
            stopped = -number if number == signal.SIGKILL else 128 + number
            self.assertIn(process.returncode, (0, stopped, -number), f"seed {self.seed}: {errors}")  # -15: before the handler is there
            stops += process.returncode != 0
            if is_finished() and stops > 0:
                break
            if is_finished():
                clear()
        self.assertGreater(stops, 0, f"seed {self.seed}: the command ended before every signal")
        return errors

    def check(self, make_words, output, is_finished, files_of):
        """Compares an interrupted run with an uninterrupted one; returns the bytes of its files and its standard error."""
        whole, stopped = self.folder / "whole" / output, self.folder / "stopped" / output
        begin = time.monotonic()
        wanted, _ = self.finish(make_words(whole))
        errors = self.interrupt(make_words(stopped), time.monotonic() - begin, lambda: is_finished(stopped), lambda: remove(stopped))
        if not is_finished(stopped):
            result, more = self.finish(make_words(stopped))
            errors += more
            differing = {key for key in wanted if result[key] != wanted[key]} - {"output_dir", "output_file"}
            self.assertEqual(differing, set(), f"seed {self.seed}")
        files, others = files_of(whole), files_of(stopped)
        self.assertEqual(sorted(files), sorted(others), f"seed {self.seed}")
        self.assertEqual([name for name in files if files[name] != others[name]], [], f"seed {self.seed}")
        self.assertGreater(len(files), 0)
        return errors

    def make_parents(self):
        for name in ("whole", "stopped"):
            (self.folder / name).mkdir()

    @staticmethod
    def visible_files(folder):
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")}

    def write_shards(self, count=8):
        draw = random.Random(3)
        shards = self.folder / "shards"
        shards.mkdir()
        for i in range(count):
            documents = [sentences(draw, draw.randint(4, 30)).replace(". ", ".\n") for _ in range(150)]
            (shards / f"x_training_{i}.txt").write_text("\n\n".join(documents) + "\n")
        return shards

    def write_vocabulary(self):
        path = self.folder / "vocab.txt"
        path.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "##s", *sorted(set(WORDS))]) + "\n")
        return path

    def check_wiki(self, name, content):
        dump = self.folder / name
        dump.write_bytes(content)
        errors = self.check(lambda out: ["data", "wiki", "--input", dump, "--output_dir", out, "--file_size", "150K", "--resume"], "out",
                            lambda out: (out / ".extraction.json").exists() and json.loads((out / ".extraction.json").read_text())["finished"],
                            self.visible_files)
        self.assertIn("continuing at byte ", errors, "no run continued in the middle of the dump")

    def test_wiki_of_xml(self):
        self.make_parents()
        self.check_wiki("dump.xml", make_dump(6000))

    def test_wiki_of_bz2(self):
        self.make_parents()
        self.check_wiki("dump.xml.bz2", compress(make_dump(6000)))

    def test_sentences(self):
        self.make_parents()
        draw = random.Random(5)
        text = self.folder / "text.txt"
        text.write_text("\n\n".join(sentences(draw, draw.randint(3, 60)) for _ in range(6000)) + "\n")
        self.check(lambda out: ["data", "sentences", "--input", text, "--output_file", out, "--save_punkt_file", out.parent / "punkt.json"],
                   "s.txt", lambda out: out.exists(),
                   lambda out: {name: (out.parent / name).read_bytes() for name in ("s.txt", "punkt.json")})
        self.assertEqual([path.name for path in (self.folder / "stopped").glob("*partial*")], [])

    def test_shards(self):
        self.make_parents()
        draw = random.Random(5)
        text = self.folder / "sentences.txt"
        text.write_text("\n\n".join(sentences(draw, draw.randint(3, 30)).replace(". ", ".\n") for _ in range(12000)) + "\n")
        self.check(lambda out: ["data", "shard", "--input", text, "--output_dir", out, "--n_training_shards", 200, "--n_test_shards", 50], "out",
                   lambda out: out.is_dir() and len(list(out.glob("*.txt"))) == 250,
                   lambda out: {path.name: path.read_bytes() for path in out.glob("*.txt")})

    def test_instances(self):
        self.make_parents()
        shards, vocabulary = self.write_shards(), self.write_vocabulary()
        self.check(lambda out: ["data", "instances", "--input", shards, "--vocab_file", vocabulary, "--output_file", out, "--max_seq_length", 64],
                   "out", lambda out: out.is_dir() and len(list(out.glob("*.hdf5"))) == 8,
                   self.visible_files)

    def test_all_steps(self):
        self.make_parents()
        dump, vocabulary = self.folder / "dump.xml.bz2", self.write_vocabulary()
        dump.write_bytes(compress(make_dump(1500)))
        words = ["data", "all", "--input", dump, "--vocab_file", vocabulary, "--n_training_shards", 4, "--n_test_shards", 2, "--dupe_factor", 1]
        self.check(lambda out: [*words, "--output_dir", out], "out",
                   lambda out: len(list(out.glob("hdf5_*_512_*/*/*.hdf5"))) == 6,
                   lambda out: {name: content for name, content in self.visible_files(out).items() if name.endswith((".txt", ".hdf5")) or "wiki_" in name})


if __name__ == "__main__":
    unittest.main()
