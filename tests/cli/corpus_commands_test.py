"""`retort data sentences|shard|instances` as a user types them, from articles to HDF5 files; wrong inputs are refused in one sentence.

Called with the program as its last argument. Where h5py and numpy are there, tools/check_instances.py checks the files too.
"""
import importlib.util
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop()
TOOLS = pathlib.Path(__file__).resolve().parent.parent.parent / "tools"
WORDS = "the old river runs past a green house and nobody knew when it was built there".split()


def run(*words, limit=None):
    def restrict():
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, check=False, preexec_fn=restrict)


def article(number):
    sentences = [" ".join(WORDS[(number * 7 + s + w) % len(WORDS)] for w in range(3 + (number + s) % 9)).capitalize() + "." for s in
                 range(1 + number % 6)]
    return " ".join(sentences), len(sentences)


class CorpusCommands(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.scratch.name)

    def tearDown(self):
        self.scratch.cleanup()

    def result(self, *words):
        done = run(*words)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count("\n"), 1, done.stdout)
        return json.loads(done.stdout)

    def refused(self, part, *words, **limits):
        done = run(*words, **limits)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertIn(part, done.stderr)
        return done

    def write_extracted(self, count=60):
        """WikiExtractor's files; the number of sentences."""
        total = 0
        for number in range(count):
            path = self.folder / "extracted" / ("AA" if number < count // 2 else "AB") / f"wiki_{number % 4:02}"
            path.parent.mkdir(parents=True, exist_ok=True)
            text, sentences = article(number)
            total += sentences
            with open(path, "a", encoding="utf-8") as file:
                file.write(f'<doc id="{number}" url="u" title="Title">\nTitle.\n\n{text}\n</doc>\n\n')
        return total

    def write_vocabulary(self):
        path = self.folder / "vocab.txt"
        path.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "##s", *sorted(set(WORDS))]) + "\n")
        return path

    def write_sentences(self):
        self.write_extracted()
        self.result("data", "sentences", "--input", self.folder / "extracted", "--output_file", self.folder / "s.txt")
        return self.folder / "s.txt"

    def test_sentences_are_split_and_same_for_any_number_of_threads(self):
        total = self.write_extracted()
        outputs = []
        for threads in (1, 2, 3):
            output, tables = self.folder / f"s{threads}.txt", self.folder / f"p{threads}.json"
            result = self.result("data", "sentences", "--input", self.folder / "extracted", "--output_file", output,
                                 "--save_punkt_file", tables, "--threads", threads)
            self.assertEqual((result["articles"], result["sentences"], result["skipped"]), (60, total, 0))
            outputs.append((output.read_bytes(), tables.read_bytes()))
        self.assertEqual(outputs[0], outputs[1])
        self.assertEqual(outputs[0], outputs[2])
        self.assertNotIn(b"Title", outputs[0][0])
        self.assertEqual(outputs[0][0].count(b"\n\n"), 60)
        loaded = self.folder / "loaded.txt"
        self.result("data", "sentences", "--input", self.folder / "extracted", "--output_file", loaded, "--punkt_file", self.folder / "p1.json")
        self.assertEqual(loaded.read_bytes(), outputs[0][0])
        self.assertEqual([path.name for path in self.folder.glob("*partial*")], [])

    def test_sentences_go_on_after_the_disk_was_full(self):
        self.write_extracted()
        command = ["data", "sentences", "--input", self.folder / "extracted", "--output_file", self.folder / "s.txt"]
        self.refused("must be writable", *command, limit=3000)
        self.assertFalse((self.folder / "s.txt").exists())
        self.result(*command)
        whole = self.folder / "whole.txt"
        self.result(*command[:-1], whole)
        self.assertEqual((self.folder / "s.txt").read_bytes(), whole.read_bytes())

    def test_sentences_refuse_what_is_no_text(self):
        text, output = self.folder / "t.txt", self.folder / "s.txt"
        command = ["data", "sentences", "--input", text, "--output_file", output]
        self.refused("is not there", *command)
        text.write_text("")
        self.refused("must hold text, but holds no word", *command)
        text.write_bytes(b"Good. Line.\n\nBad \xff line.\n")
        self.refused("line 3 must be UTF-8 text, but is broken at byte 5", *command)
        self.assertEqual(self.result(*command, "--on_bad_record", "skip")["skipped"], 1)
        self.refused("must not exist yet", *command)
        self.refused("must be another file", *command[:-1], text)
        text.write_text('<doc id="1">\nT\n\nCut')
        self.refused("must close the article of line 1", *command, "--overwrite")

    def test_shards_hold_every_article_once(self):
        sentences, shards = self.write_sentences(), self.folder / "shards"
        command = ["data", "shard", "--input", sentences, "--output_dir", shards, "--n_training_shards", 5, "--n_test_shards", 2]
        result = self.result(*command, "--dataset", "mine")
        self.assertEqual(result["articles"], 60)
        names = sorted([f"mine_training_{i}.txt" for i in range(5)] + [f"mine_test_{i}.txt" for i in range(2)])
        self.assertEqual(sorted(path.name for path in shards.glob("*.txt")), names)
        articles = sorted(one for name in names for one in (shards / name).read_text().split("\n\n") if one)
        self.assertEqual(articles, sorted(one for one in sentences.read_text().split("\n\n") if one))
        before = {name: (shards / name).read_bytes() for name in names}
        (shards / names[0]).unlink()  # as after a stop
        self.result(*command, "--dataset", "mine", "--threads", 1)
        self.assertEqual({name: (shards / name).read_bytes() for name in names}, before)
        self.refused("must not hold shards of other settings", *command[:-1], 3, "--dataset", "mine")
        self.result(*command[:-1], 1, "--dataset", "mine", "--overwrite")
        self.assertEqual(len(list(shards.glob("*.txt"))), 6)

    def test_shards_refuse_fewer_articles_and_no_text(self):
        sentences = self.write_sentences()
        self.refused("but are 61 for 60 articles", "data", "shard", "--input", sentences, "--output_dir", self.folder / "o",
                     "--n_training_shards", 60, "--n_test_shards", 1)
        sentences.write_text("\n\n")
        self.refused("must hold sentences, one a line, but holds none", "data", "shard", "--input", sentences, "--output_dir", self.folder / "o")
        self.refused("cannot be read as one", "data", "shard", "--input", self.folder / "none", "--output_dir", self.folder / "o")

    def test_instances_are_same_for_any_number_of_threads_and_are_kept(self):
        sentences, vocabulary, shards = self.write_sentences(), self.write_vocabulary(), self.folder / "shards"
        self.result("data", "shard", "--input", sentences, "--output_dir", shards, "--n_training_shards", 3, "--n_test_shards", 1)
        command = ["data", "instances", "--input", shards, "--vocab_file", vocabulary, "--max_seq_length", 32, "--max_predictions_per_seq", 5,
                   "--dupe_factor", 10, "--output_file"]
        files, results = [], []
        for threads in (1, 3):
            output = self.folder / f"hdf5_{threads}"
            results.append(self.result(*command, output, "--threads", threads))
            files.append({path.name: path.read_bytes() for path in sorted(output.iterdir())})
        self.assertEqual(files[0], files[1])
        self.assertEqual(len(files[0]), 4)
        self.assertEqual(results[0]["documents"], 60)
        self.assertAlmostEqual(results[0]["mask_share"], 0.8, delta=0.05)
        again = self.result(*command, output)
        self.assertEqual({**again, "output_file": ""}, {**results[1], "output_file": ""})
        self.refused("must not exist yet or be of the same settings and text", *command, output, "--random_seed", 1)
        self.result(*command, output, "--random_seed", 1, "--overwrite")
        self.assertNotEqual({path.name: path.read_bytes() for path in sorted(output.iterdir())}, files[0])
        if importlib.util.find_spec("h5py"):
            subprocess.run([sys.executable, TOOLS / "check_instances.py", *map(str, output.iterdir()), "--vocab_file", str(vocabulary)], check=True)

    def test_instances_refuse_what_is_no_text(self):
        vocabulary, text, output = self.write_vocabulary(), self.folder / "t.txt", self.folder / "o.hdf5"
        command = ["data", "instances", "--input", text, "--vocab_file", vocabulary, "--output_file", output]
        self.refused("is not there", *command)
        text.write_text("\n\n")
        self.refused("must hold sentences, one a line, but holds none", *command)
        text.write_bytes(b"Good.\n\xff\n")
        self.refused("line 2 must be UTF-8 text", *command)
        (self.folder / "empty").mkdir()
        self.refused("must hold .txt files", *command[:3], self.folder / "empty", *command[4:])
        text.write_text("It was old.\n")
        output.write_text("mine")
        self.refused("must not exist yet", *command)
        self.assertEqual(output.read_text(), "mine")

    def test_all_steps_in_one_command_which_keeps_what_is_finished(self):
        self.write_extracted()
        words = ("data", "all", "--input", self.folder / "extracted", "--vocab_file", self.write_vocabulary(), "--output_dir", self.folder / "all",
                 "--n_training_shards", 3, "--n_test_shards", 1, "--fraction_test_set", 0.25)
        first = self.result(*words)
        self.assertEqual(first["shards"]["articles"], 60)
        files = {path: path.read_bytes() for path in (self.folder / "all").rglob("*") if path.suffix in (".txt", ".hdf5")}
        self.assertEqual(sum(path.suffix == ".hdf5" for path in files), 8)
        again = self.result(*words)
        self.assertEqual(again["phase1"]["files"], first["phase1"]["files"])
        self.assertEqual({path: path.read_bytes() for path in files}, files)


if __name__ == "__main__":
    unittest.main()
