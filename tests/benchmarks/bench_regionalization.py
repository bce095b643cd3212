"""Measure the redistricting engine beside its peers: ``python -m tests.benchmarks.bench_regionalization``.

Instances and scores are read from ``../shared/regionalization`` beside the project, which a plain clone does not
have. Peers are installed from PyPI into temporary environments. Without options everything is measured (about an
hour and a half on two cores) and written to ``tests/benchmarks/results/regionalization.md``; a selection is printed
and written only where ``--output`` says. Ends with 1 when a plan is wrong: an atom without a grid, a grid in pieces,
a grid out of range without a reason, figures that the second opinion (``checking``) does not confirm.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.regionalization.instances import shared
from tests.benchmarks.regionalization.peers import Peers
from tests.benchmarks.regionalization.report import Report
from tests.benchmarks.regionalization.sections import SECTIONS, Scope, compile_engine

RESULTS = Path(__file__).with_name("results") / "regionalization.md"
SIZES = [300, 3_000, 30_000, 300_000]
PROFILES = ["mixed", "tower", "village"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", help=f"buildings of an instance; {SIZES}")
    parser.add_argument("--profiles", nargs="+", choices=PROFILES)
    parser.add_argument("--sections", nargs="+", choices=list(SECTIONS), help="what to measure; all")
    parser.add_argument("--seeds", type=int, default=5, help="instances up to 3,000 buildings; above that one")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--no-peers", action="store_true", help="only KaMinPar, which the targets are relative to")
    parser.add_argument("--peer-seconds", type=float, default=120, help="CPU seconds of a peer; x 2.5 above 3,000")
    parser.add_argument("--kept-peers", type=Path, help="take peers' answers from this folder, and add to it")
    parser.add_argument("--minutes", type=float, help="begin nothing new after this time, and say what was left out")
    parser.add_argument("--output", type=Path, help=f"where the table goes; {RESULTS} when all is measured")
    options = parser.parse_args()
    # A polite end runs the `finally` that ends what is being measured.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    shared("instances"), shared("score")
    whole = not (options.sizes or options.profiles or options.sections or options.minutes or options.no_peers)
    report = Report(options.output or (RESULTS if whole else None), sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="wangge-bench-") as folder:
        scope = Scope(
            sizes=options.sizes or SIZES,
            profiles=options.profiles or PROFILES,
            seeds=range(options.first_seed, options.first_seed + options.seeds),
            all_peers=not options.no_peers,
            peer_seconds=options.peer_seconds,
            minutes=options.minutes,
            folder=Path(folder),
            peers=Peers(Path(folder) / "peers", options.kept_peers and options.kept_peers.resolve()),
            report=report,
        )
        compile_engine(scope)
        for name in options.sections or SECTIONS:
            SECTIONS[name](scope)
            report.write()
    report.finish()
    if report.wrong:
        sys.exit("\n".join(["", "WRONG PLANS:", *report.wrong]))


if __name__ == "__main__":
    main()
