"""Bad input and full disks of the corpus commands: one sentence with the file and the place, exit code 2, and what is finished is kept.

Called with the program as its last argument. data_wiki_test.cpp and corpus_commands_test.py have the simple cases.
"""
import bz2
import json
import pathlib
import resource
import shutil
import signal
import subprocess
import time
import unittest

from corpus_case import PROGRAM, WORDS, CorpusCase, run

SITE = "<siteinfo><sitename>S</sitename><base>{}</base></siteinfo>"
MEGABYTE = 1 << 20


def page(number, text, namespace=0):
    return f"<page><title>Page {number}</title><ns>{namespace}</ns><id>{number}</id><revision><text>{text}</text></revision></page>\n"


def dump_of(pages, base="https://en.wikipedia.org/wiki/Main_Page"):
    return "<mediawiki>" + SITE.format(base) + "".join(pages) + "</mediawiki>\n"


def article(number):
    return " ".join(" ".join(WORDS[(number * 7 + s + w) % len(WORDS)] for w in range(4 + (number + s) % 9)).capitalize() + "." for s in
                    range(2 + number % 6))


class CorpusFaults(CorpusCase):
    def result(self, *words):
        done = run(*words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def refused(self, part, *words, limit=None):
        done = run(*words, limit=limit)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        last = done.stderr.strip().splitlines()[-1]
        self.assertTrue(last.startswith("error: "), done.stderr)
        self.assertIn(part, last)
        return last

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def write_vocabulary(self):
        return self.write("vocab.txt", "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", *sorted(set(WORDS))]) + "\n")

    @staticmethod
    def files_of(folder, pattern="*"):
        return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob(pattern)) if
                path.is_file() and not path.name.startswith(".")}

    # data wiki

    def test_a_cut_bz2_keeps_the_articles_before_the_cut(self):
        whole = bz2.compress(dump_of([page(i, article(i) * 20) for i in range(1, 1200)]).encode(), 1)
        dump = self.write("dump.xml.bz2", whole[:len(whole) * 2 // 3])
        words = ("data", "wiki", "--input", dump, "--output_dir", self.folder / "out", "--file_size", "100K")
        self.refused(f"must be a whole bz2 file, but ends in the middle of a block at byte {len(whole) * 2 // 3}", *words)
        kept = self.files_of(self.folder / "out")
        self.assertGreater(len(kept), 2)
        dump.write_bytes(whole)
        self.result(*words, "--resume")
        self.result(*words[:5], self.folder / "whole", *words[6:])
        self.assertEqual(self.files_of(self.folder / "out"), self.files_of(self.folder / "whole"))
        self.assertEqual({name: kept[name] for name in sorted(kept)[:-1]},
                         {name: self.files_of(self.folder / "whole")[name] for name in sorted(kept)[:-1]})

    def test_a_finished_extraction_is_not_made_again(self):
        dump = self.write("dump.xml", dump_of([page(i, article(i)) for i in range(1, 50)] + [page(50, "t", 10), page(3, "again")]))
        words = ("data", "wiki", "--input", dump, "--output_dir", self.folder / "out", "--file_size", "2K", "--resume")
        first = self.result(*words)
        before = self.files_of(self.folder / "out")
        self.assertEqual(self.result(*words), first)
        self.assertEqual(self.files_of(self.folder / "out"), before)
        self.assertEqual((first["pages"], first["articles"]), (51, 49))
        self.assertEqual(first["skipped"]["repeated ids"], 1)

    def test_a_dump_from_a_pipe_continues_too(self):
        content = dump_of([page(i, article(i) * 9) for i in range(1, 400)])
        words = [PROGRAM, "data", "wiki", "--input", "-", "--output_dir", str(self.folder / "out"), "--file_size", "20K"]
        cut = subprocess.run(words, input=content[:len(content) // 2], capture_output=True, text=True, check=False)
        self.assertEqual(cut.returncode, 2, cut.stderr)
        again = subprocess.run([*words, "--resume"], input=content, capture_output=True, text=True, check=False)
        self.assertEqual(again.returncode, 0, again.stderr)
        dump = self.write("dump.xml", content)
        self.result("data", "wiki", "--input", dump, "--output_dir", self.folder / "whole", "--file_size", "20K")
        self.assertEqual(self.files_of(self.folder / "out"), self.files_of(self.folder / "whole"))

    def test_another_dump_under_the_name_is_refused(self):
        content = dump_of([page(i, article(i) * 9) for i in range(1, 400)])
        dump = self.write("dump.xml", content[:len(content) // 2])
        words = ("data", "wiki", "--input", dump, "--output_dir", self.folder / "out", "--file_size", "20K")
        self.refused("must be a whole dump", *words)
        dump.write_text(dump_of([page(i, article(i + 1) * 8) for i in range(1, 400)]))
        self.refused("must be the dump that the extraction began with, but has no page at byte ", *words, "--resume")

    def test_pages_without_text_are_counted(self):
        pages = [page(1, article(1)), "<page/>", "<page><title>Only a title</title></page>", page(2, ""), page(3, " \n\n "), page(4, "{{only|a template}}"),
                 "<page><title></title><ns>0</ns><id>5</id><revision/></page>", page(6, article(6))]
        dump = self.write("dump.xml", dump_of(pages))
        result = self.result("data", "wiki", "--input", dump, "--output_dir", self.folder / "out")
        self.assertEqual((result["pages"], result["articles"]), (8, 2))
        self.assertEqual((result["skipped"]["without an id"], result["skipped"]["empty"]), (2, 4))

    def test_a_page_of_100_megabytes_is_read_in_bounded_time_and_memory(self):
        text = ("'''Mill''' has [[stone|stones]] and {{a|b}} <ref>n</ref> water. " * (100 * MEGABYTE // 64 + 1)).replace("<", "&lt;").replace(">", "&gt;")
        dump = self.write("dump.xml", dump_of([page(1, article(1)), page(2, text), page(3, article(3))]))
        size = dump.stat().st_size
        self.assertGreater(size, 100 * MEGABYTE)
        begin = time.monotonic()
        result = self.result("data", "wiki", "--input", dump, "--output_dir", self.folder / "out")
        self.assertLess(time.monotonic() - begin, 60)
        self.assertEqual(result["articles"], 3)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        self.assertLess(peak, 5 * size, "memory is a small multiple of the largest page")

    def test_a_dump_of_another_site_keeps_its_address(self):
        dump = self.write("dump.xml", dump_of([page(7, article(7))], base="https://de.wiktionary.org/wiki/Hauptseite"))
        self.result("data", "wiki", "--input", dump, "--output_dir", self.folder / "out")
        self.assertIn('url="https://de.wiktionary.org/wiki?curid=7"', (self.folder / "out/AA/wiki_00").read_text())
        for root in ("rss", "osm", "feed"):
            other = self.write(f"{root}.xml", f"<?xml version='1.0'?><{root}><page/></{root}>")
            self.refused(f"its first element is <{root}>", "data", "wiki", "--input", other, "--output_dir", self.folder / root)

    # A disk without space

    def check_full_disk(self, limit, words, output, pattern="*", reason="File too large"):
        """The command fails in one sentence; repeated with space, it gives the files of an undisturbed run."""
        option = words.index(output)
        message = self.refused(reason, *words, limit=limit)
        self.assertIn(str(self.folder), message)
        more = ["--resume"] if words[1] == "wiki" else []
        self.result(*words, *more)
        whole = self.folder / "whole" / pathlib.Path(output).name
        whole.parent.mkdir()
        self.result(*words[:option], whole, *words[option + 1:])
        if pathlib.Path(output).is_file():
            self.assertEqual(output.read_bytes(), whole.read_bytes())
        else:
            self.assertEqual(self.files_of(output, pattern), self.files_of(whole, pattern))

    def test_wiki_on_a_full_disk(self):
        dump = self.write("dump.xml", dump_of([page(i, article(i) * 9) for i in range(1, 300)]))
        self.check_full_disk(30000, ["data", "wiki", "--input", dump, "--output_dir", self.folder / "out", "--file_size", "40K"], self.folder / "out")

    def test_books_on_a_full_disk(self):
        self.write("books/1.txt", article(4) * 900)
        self.check_full_disk(30000, ["data", "books", "--input", self.folder / "books", "--output_file", self.folder / "out.txt"], self.folder / "out.txt")

    def test_text_on_a_full_disk(self):
        text = self.write("text.txt", article(4) * 900)
        self.check_full_disk(30000, ["data", "text", "--input", text, "--output_file", self.folder / "out.txt"], self.folder / "out.txt")

    def test_shards_on_a_full_disk(self):
        text = self.write("s.txt", "\n\n".join(article(i).replace(". ", ".\n") for i in range(400)) + "\n")
        self.check_full_disk(5000, ["data", "shard", "--input", text, "--output_dir", self.folder / "out", "--n_training_shards", 4, "--n_test_shards", 1],
                             self.folder / "out", "*.txt")

    def test_instances_on_a_full_disk(self):
        vocabulary = self.write_vocabulary()
        for i in range(3):
            self.write(f"shards/{i}.txt", "\n\n".join(article(i + n).replace(". ", ".\n") for n in range(300)) + "\n")
        self.check_full_disk(20000, ["data", "instances", "--input", self.folder / "shards", "--vocab_file", vocabulary, "--output_file",
                                     self.folder / "out"], self.folder / "out", reason="the HDF5 library failed; check the disk")

    def test_all_steps_on_a_full_disk(self):
        dump = self.write("dump.xml", dump_of([page(i, article(i)) for i in range(1, 300)]))
        words = ["data", "all", "--input", dump, "--vocab_file", self.write_vocabulary(), "--output_dir", self.folder / "out", "--n_training_shards", 3,
                 "--n_test_shards", 1]
        self.refused("File too large", *words, limit=60000)
        self.result(*words)
        self.assertEqual(len(list((self.folder / "out").rglob("*.hdf5"))), 8)

    # Input that is too small, or vanishes

    def test_all_steps_with_fewer_articles_than_shards_keep_the_sentences(self):
        dump = self.write("dump.xml", dump_of([page(i, article(i)) for i in range(1, 5)]))
        words = ["data", "all", "--input", dump, "--vocab_file", self.write_vocabulary(), "--output_dir", self.folder / "out", "--n_training_shards"]
        self.refused("but are 8 for 4 articles", *words, 6, "--n_test_shards", 2)
        sentences = (self.folder / "out/sentences/wikicorpus_en.txt").read_bytes()
        self.result(*words, 2, "--n_test_shards", 1)
        self.assertEqual((self.folder / "out/sentences/wikicorpus_en.txt").read_bytes(), sentences)

    def vanish(self, words, folder, is_begun):
        """Takes the input folder away while the command works, and gives the result of the repeated command."""
        process = subprocess.Popen([PROGRAM, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while process.poll() is None and not is_begun():
            time.sleep(0.002)
        process.send_signal(signal.SIGSTOP)
        folder.rename(folder.with_suffix(".away"))
        process.send_signal(signal.SIGCONT)
        errors = process.communicate()[1]
        self.assertEqual(process.returncode, 2, errors)
        self.assertIn(f"error: `{folder}", errors)
        folder.with_suffix(".away").rename(folder)

    def test_sentences_of_a_folder_that_vanishes(self):
        text = "\n\n".join(article(i) * 3 for i in range(2000)) + "\n"
        for i in range(60):
            self.write(f"text/{i:02}.txt", text)
        words = ["data", "sentences", "--input", self.folder / "text", "--output_file", self.folder / "s.txt", "--threads", 1]
        self.vanish(words, self.folder / "text", lambda: (self.folder / "s.txt.partial").exists())
        self.assertFalse((self.folder / "s.txt").exists())
        result = self.result(*words)
        self.assertEqual(result["articles"], 60 * 2000)

    def test_instances_of_a_folder_that_vanishes(self):
        for i in range(40):
            self.write(f"shards/{i:02}.txt", "\n\n".join(article(i + n).replace(". ", ".\n") for n in range(200)) + "\n")
        words = ["data", "instances", "--input", self.folder / "shards", "--vocab_file", self.write_vocabulary(), "--output_file", self.folder / "out"]
        self.vanish(words, self.folder / "shards", lambda: (self.folder / "out/01.hdf5").exists())
        kept = self.files_of(self.folder / "out")
        self.assertGreater(len(kept), 1)
        self.result(*words)
        after = self.files_of(self.folder / "out")
        self.assertEqual(len(after), 40)
        self.assertEqual({name: after[name] for name in kept}, kept)
        shutil.rmtree(self.folder / "shards")
        self.refused("is not there", *words)


if __name__ == "__main__":
    unittest.main()
