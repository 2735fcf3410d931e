"""`retort data sentences|shard|instances` as a user types them, from articles to HDF5 files; wrong inputs are refused in one sentence.

Called with the program as its last argument. Where h5py and numpy are there, tools/check_instances.py checks the files too.
"""
import importlib.util
import json
import pathlib
import subprocess
import sys
import time
import unittest

from corpus_case import PROGRAM, WORDS, CorpusCase, run

TOOLS = pathlib.Path(__file__).resolve().parent.parent.parent / "tools"


def article(number):
    sentences = [" ".join(WORDS[(number * 7 + s + w) % len(WORDS)] for w in range(3 + (number + s) % 9)).capitalize() + "." for s in
                 range(1 + number % 6)]
    return " ".join(sentences), len(sentences)


class CorpusCommands(CorpusCase):
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

    def make_instances(self, *flags, threads=2, name="made"):
        """The files that the flags make of three shards, by name, and the result line."""
        shards = self.folder / "shards"
        if not shards.exists():
            self.result("data", "shard", "--input", self.write_sentences(), "--output_dir", shards, "--n_training_shards", 3, "--n_test_shards", 1)
        result = self.result("data", "instances", "--input", shards, "--vocab_file", self.write_vocabulary(), "--max_seq_length", 32,
                             "--max_predictions_per_seq", 5, "--dupe_factor", 10, "--output_file", self.folder / name, "--threads", threads, *flags)
        return {path.name: path for path in (self.folder / name).iterdir()}, result

    def check_with_other_readers(self, files, package):
        if importlib.util.find_spec(package):
            subprocess.run([sys.executable, TOOLS / "check_instances.py", *map(str, files.values()), "--vocab_file", str(self.folder / "vocab.txt")],
                           check=True)

    def test_packed_instances_share_rows(self):
        plain = self.make_instances(name="plain")[1]
        files, packed = self.make_instances("--format", "packed", name="packed")
        self.assertEqual(sorted(files), sorted(path.name for path in (self.folder / "plain").iterdir()))
        for name in ("instances", "tokens", "masked_share", "random_next_share"):  # the same instances
            self.assertEqual(packed[name], plain[name])
        self.assertEqual(packed["original_number_of_samples"], plain["instances"])
        self.assertGreater(packed["avg_seq_per_sample"], 1.05)
        self.assertGreater(packed["packing_efficiency"], plain["tokens"] / (32 * plain["instances"]) * 1.05)
        metadata = json.loads((self.folder / "packed_metadata.json").read_text())
        self.assertEqual(metadata["avg_seq_per_sample"], packed["avg_seq_per_sample"])
        one = self.make_instances("--format", "packed", threads=1, name="one")[0]
        self.assertEqual({name: path.read_bytes() for name, path in one.items()}, {name: path.read_bytes() for name, path in files.items()})
        self.assertEqual(self.make_instances("--format", "packed", name="packed")[1], packed)  # kept
        self.check_with_other_readers(files, "h5py")

    def test_parquet_has_bins_and_static_or_dynamic_masks(self):
        plain = self.make_instances(name="plain")[1]
        for name, flags in (("static", ()), ("dynamic", ("--masking", "dynamic")), ("bins", ("--bin_size", 8))):
            files, made = self.make_instances("--format", "parquet", *flags, name=name)
            one = self.make_instances("--format", "parquet", *flags, threads=1, name=f"{name}_1")[0]
            self.assertEqual({path: one[path].read_bytes() for path in one}, {path: files[path].read_bytes() for path in files})
            self.assertEqual((made["instances"], made["tokens"], made["random_next_share"]),
                             (plain["instances"], plain["tokens"], plain["random_next_share"]))
            self.assertEqual(made["masked_share"], 0 if name == "dynamic" else plain["masked_share"])
            self.assertEqual(len(files), 16 if name == "bins" else 4)
            self.assertIn("wikicorpus_en_training_0.parquet" + ("_3" if name == "bins" else ""), files)
            self.check_with_other_readers(files, "pyarrow")
        (self.folder / "bins" / "wikicorpus_en_training_0.parquet_2").unlink()  # as after a stop
        self.assertEqual(self.make_instances("--format", "parquet", "--bin_size", 8, "--overwrite", name="bins")[1], made)

    def test_forms_refuse_what_does_not_go_together(self):
        command = ["data", "instances", "--input", self.folder, "--vocab_file", self.write_vocabulary(), "--output_file", self.folder / "o"]
        self.refused("`masking` must be static with --format hdf5", *command, "--masking", "dynamic")
        self.refused("`bin_size` must be 0 with --format packed, but is 64", *command, "--format", "packed", "--bin_size", 64)
        self.refused("`bin_size` must divide `max_seq_length`, 128, but is 50", *command, "--format", "parquet", "--bin_size", 50)
        self.refused("`max_predictions_per_seq` must be at least 37 with --format packed", *command, "--format", "packed", "--masked_lm_prob", 0.3)

    def test_part_of_the_documents(self):
        whole, half = self.make_instances(name="whole")[1], self.make_instances("--sample_ratio", 0.5, name="half")[1]
        self.assertLess(half["documents"], 45)
        self.assertGreater(half["documents"], 15)
        self.assertLess(half["instances"], whole["instances"])

    def test_a_shard_that_vanishes_leaves_the_finished_files(self):
        shards, output = self.folder / "shards", self.folder / "out"
        shards.mkdir()
        text = "\n".join(f"{' '.join(WORDS)} {index}." + "\n" * (index % 7 == 0) for index in range(4000))
        for number in range(30):
            (shards / f"s{number:02}.txt").write_text(text + f"\n{number}.\n")
        command = ["data", "instances", "--input", shards, "--vocab_file", self.write_vocabulary(), "--output_file", output, "--threads", "1"]
        with subprocess.Popen([PROGRAM, *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            while not (output / "s00.hdf5").exists() and process.poll() is None:
                time.sleep(0.001)
            kept = (shards / "s29.txt").read_text()
            (shards / "s29.txt").unlink()
            printed, error = process.communicate()
        self.assertEqual((process.returncode, printed), (2, ""), error)
        self.assertIn("s29.txt` must be a text file with one sentence a line, but is not there; put it back and repeat", error)
        finished = {path.name: path.read_bytes() for path in output.iterdir()}
        self.assertEqual(sorted(finished), [f"s{number:02}.hdf5" for number in range(29)])
        (shards / "s29.txt").write_text(kept)
        self.assertEqual(self.result(*command)["files"], 30)
        self.assertEqual({name: (output / name).read_bytes() for name in finished}, finished)

    def test_pretraining_data_of_several_forms_or_damaged_is_refused(self):
        files = self.make_instances(name="data")[0]
        command = ["pretrain", "--objective", "mlm_nsp", "--model", "preset:bert-tiny", "--vocab_file", self.folder / "vocab.txt", "--data_dir",
                   self.folder / "data", "--output_dir", self.folder / "run", "--max_seq_length", 32, "--max_steps", 1, "--cache_dir", self.folder / "cache"]
        first = sorted(files)[1]  # of the training ones
        whole = files[first].read_bytes()
        packed = self.make_instances("--format", "packed", name="packed")[0]
        files[first].write_bytes(packed[first].read_bytes())
        done = self.refused("`data_dir` must hold files of one form, but", *command)
        self.assertIn(f"{first}` holds packed HDF5 instances and ", done.stderr)
        files[first].write_bytes(whole[:len(whole) // 2])
        self.refused(f"{first}` must be a whole HDF5 file, but is damaged; make it again by `retort data instances`", *command)
        files[first].unlink()
        files[first].symlink_to("nowhere")  # a shard that is gone is not part of the folder
        (self.folder / "data" / "extra_training.parquet").write_text("text")
        self.refused("extra_training.parquet` must be a Parquet file, but is not; make it again", *command)
        self.refused("`data_dir` must hold sentence shards (*.txt) or instances (*.hdf5, *.parquet), but", *command[:8], self.folder / "extracted",
                     *command[9:])

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
