#!/usr/bin/env python3
"""Times `retort data wiki` beside WikiExtractor without templates, in turn, on the same dump, and shows memory over the dump's size.

    python bench/compare_wiki.py --dump enwiki-latest-pages-articles1.xml.bz2 [--megabytes 60] [--rounds 3] [--threads 2]

The pages of `--dump` are repeated under new ids until the dump has so many megabytes, as plain XML and as bz2. Both programs
get `--threads`; the peer has two processes more, one that reads and one that writes. Out: seconds, seconds of all processors
(on a machine that others use, the better measure) and the largest resident set of a process for each side, ratios (median,
least and greatest over the rounds), then retort's memory at 1 and at `--megabytes` megabytes; last a line of JSON. The peer
needs the package `wikiextractor` in `--peer_python`; without it, it is named and left out.
"""
import argparse
import bz2
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PAGE = re.compile(rb"[ \t]*<page>.*?</page>\n?", re.S)
PAGE_ID = re.compile(rb"<id>\d+</id>")


def read_dump(path):
    """(what stands before the first page, the pages) of a dump, plain or bz2."""
    content = pathlib.Path(path).read_bytes()
    content = bz2.decompress(content) if content.startswith(b"BZh") else content
    pages = PAGE.findall(content)
    if not pages:
        sys.exit(f"error: `{path}` must hold pages, but holds none")
    return content[:content.index(b"<page>")], pages


def write_dump(path, head, pages, megabytes):
    """Repeats the pages under ids from 1 on; the bytes that were written."""
    written, page_id = len(head), 0
    with open(path, "wb") as out:
        out.write(head)
        while written < megabytes * 1e6:
            page_id += 1
            page = PAGE_ID.sub(b"<id>%d</id>" % page_id, pages[(page_id - 1) % len(pages)], count=1)
            out.write(page)
            written += len(page)
        out.write(b"</mediawiki>\n")
    return written


def resident_megabytes(process_id):
    """The largest resident set so far of a process or one that it started; 0 when they are gone. (What wait4 says begins with this program's own.)"""
    try:
        status = pathlib.Path(f"/proc/{process_id}/status").read_text(encoding="ascii", errors="replace")
        children = pathlib.Path(f"/proc/{process_id}/task/{process_id}/children").read_text(encoding="ascii").split()
    except OSError:
        return 0
    peak = re.search(r"VmHWM:\s*(\d+) kB", status)
    return max([int(peak[1]) / 1024 if peak else 0, *map(resident_megabytes, children)])


def measure(command):
    """Seconds, those of all its processors, megabytes of its largest process, and what it prints, of a command that must succeed."""
    start, megabytes = time.monotonic(), 0
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL)
        while True:
            process_id, status, usage = os.wait4(process.pid, os.WNOHANG)
            if process_id:
                break
            megabytes = max(megabytes, resident_megabytes(process.pid))
            time.sleep(0.01)
        if status != 0:
            sys.exit(f"error: `{' '.join(command)}` failed with status {status}")
        output.seek(0)
        return {"seconds": time.monotonic() - start, "cpu_seconds": usage.ru_utime + usage.ru_stime, "megabytes": megabytes}, output.read().decode()


def run_retort(options, dump, folder):
    shutil.rmtree(folder, ignore_errors=True)
    measures, output = measure([options.retort, "data", "wiki", "--input", dump, "--output_dir", folder, "--threads", str(options.threads)])
    return {**measures, "articles": json.loads(output.splitlines()[-1])["articles"]}


def run_peer(options, dump, folder):
    shutil.rmtree(folder, ignore_errors=True)
    measures, _ = measure([options.peer_python, "-m", "wikiextractor.WikiExtractor", dump, "-o", folder, "-b", "100M", "--no-templates", "-q",
                                     "--processes", str(options.threads)])
    articles = sum(file.read_bytes().count(b"\n</doc>\n") for file in pathlib.Path(folder).rglob("wiki_*"))
    return {**measures, "articles": articles}


def has_peer(options):
    return subprocess.run([options.peer_python, "-c", "import wikiextractor"], stderr=subprocess.DEVNULL, check=False).returncode == 0


def compare(options, name, dump, folder):
    """One row: the sides in turn, the order changing from round to round."""
    sides = {"retort": run_retort, "WikiExtractor": run_peer} if has_peer(options) else {"retort": run_retort}
    if len(sides) == 1:
        print(f"WikiExtractor is missing in {options.peer_python}: pip install wikiextractor")
    runs = {side: [] for side in sides}
    for number in range(options.rounds):
        for side in list(sides)[::1 if number % 2 == 0 else -1]:
            runs[side].append(sides[side](options, dump, folder))
    row = {"row": name}
    for side, results in runs.items():
        row[side] = {key: statistics.median(run[key] for run in results) for key in results[0]}
        print(f"{name:5} {side:14} {row[side]['seconds']:8.2f} s {row[side]['cpu_seconds']:8.2f} s of processors {row[side]['megabytes']:7.0f} MB "
              f"{row[side]['articles']:7} articles")
    if len(sides) > 1:
        for key in ("seconds", "cpu_seconds"):
            ratios = [peer[key] / own[key] for own, peer in zip(runs["retort"], runs["WikiExtractor"])]
            row[f"{key}_ratio"] = {"median": statistics.median(ratios), "least": min(ratios), "greatest": max(ratios)}
            print(f"{name:5} ratio of {key} {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})")
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dump", required=True)
    parser.add_argument("--megabytes", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--retort", default=str(HERE.parent / "build" / "retort"))
    parser.add_argument("--peer_python", default=os.environ.get("PEER_PYTHON", sys.executable))
    options = parser.parse_args()
    head, pages = read_dump(options.dump)
    with tempfile.TemporaryDirectory() as folder:
        large, small, packed = (os.path.join(folder, name) for name in ("large.xml", "small.xml", "large.xml.bz2"))
        out = os.path.join(folder, "out")
        size = write_dump(large, head, pages, options.megabytes)
        write_dump(small, head, pages, 1)
        with open(large, "rb") as plain, bz2.open(packed, "wb") as compressed:
            shutil.copyfileobj(plain, compressed)
        print(f"{size / 1e6:.0f} MB of XML, {options.threads} threads, medians of {options.rounds} rounds")
        rows = [compare(options, name, dump, out) for name, dump in (("plain", large), ("bz2", packed))]
        memory = {"1 MB": run_retort(options, small, out)["megabytes"], f"{options.megabytes:g} MB": rows[0]["retort"]["megabytes"]}
        print("memory of retort: " + ", ".join(f"{megabytes:.0f} MB for {name}" for name, megabytes in memory.items()))
        print(json.dumps({"bench": "wiki", "xml_bytes": size, "threads": options.threads, "rows": rows, "memory": memory}))


if __name__ == "__main__":
    main()
