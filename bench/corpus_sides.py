"""What compare_sentences.py and compare_instances.py share: sides timed by wall clock and by processor time, their table and report.

Processor time is that of the whole process, start and end included, so a machine with other work disturbs the second ratio little.
"""
import pathlib
import resource
import sys
import time

import side_by_side


def timed(run):
    """The measures of run(), with "seconds" and "cpu_seconds"."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    measures = run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {**measures, "seconds": time.monotonic() - begin,
            "cpu_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def add_flags(parser):
    parser.add_argument("--input", required=True, type=pathlib.Path)
    parser.add_argument("--megabytes", type=float, default=4, help="of the input (default: 4)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1, help="of retort (default: 1)")
    parser.add_argument("--peer_python", default=sys.executable, help="python with the peer's packages (default: this one)")
    parser.add_argument("--retort", default=str(side_by_side.HERE.parent / "build" / "retort"))
    parser.add_argument("--retort_flags", default="", help="more flags for retort, separated by spaces")
    parser.add_argument("--markdown", default="", help="append the table to this file")


def finish(args, sides, title, unit, what):
    """Runs the sides in turn and reports; `unit` names the measure that counts the work, which must be near on both sides."""
    for index in range(args.rounds):
        for side in sides[index % len(sides):] + sides[:index % len(sides)]:
            if side.missing:
                continue
            try:
                side.runs.append(timed(lambda side=side: side.run(index)))
                print(f"  round {index + 1}: {side.name}: {side.runs[-1]['seconds']:.2f} s, {side.runs[-1]['cpu_seconds']:.2f} s of processors",
                      file=sys.stderr, flush=True)
            except side_by_side.Missing as reason:
                side.missing = str(reason)
    if sides[0].missing:
        sys.exit(f"retort {sides[0].missing}")
    own, peer = (side.runs for side in sides)
    ratios = {key: side_by_side.ratio_of(peer, own, key) for key in ("seconds", "cpu_seconds")}
    rows = [[side.name + (f": {side.missing}" if side.missing else ""), side_by_side.write_number(side_by_side.median(side.runs, unit)),
             side_by_side.write_number(side_by_side.median(side.runs, "seconds"), 2),
             side_by_side.write_number(side_by_side.median(side.runs, "cpu_seconds"), 2),
             *(side_by_side.write_ratio(ratios[key] if side is not sides[0] else None) for key in ratios)] for side in sides]
    table = side_by_side.markdown_table(["program", unit, "seconds", "of processors", "it ÷ retort, seconds", "of processors"], rows)
    side_by_side.report(args, f"{title}, {args.megabytes:g} MB", side_by_side.describe_machine(args, [own, peer]), table,
                        {"benchmark": what, "rounds": args.rounds, "ratios": ratios})
