"""The list of the runs: 10,000 of them in the catalogue, a page of it, a search, and what keeping it up costs."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from benchmarks.figures import at_most, percentile, plain, show

from hive_tui.config.runid import run_id
from hive_tui.history.catalogue import Catalogue
from hive_tui.history.filters import parse

RECORDED = Path(__file__).parents[2] / "tests" / "recordings" / "v1"
PAGE = 100
ASKED = ("", "july", '"4 july"', "outcome:finished cost>0.001 -is:marked", "nowhere")
REPEATS = 7


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench runs", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="how many runs (10000)")
    parser.add_argument("--json", action="store_true", help="figures as one JSON document")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), arguments.count)
    aims = [
        at_most("first page, nothing catalogued", found["first page, nothing catalogued"], 1000, "ms"),
        at_most("a page without words, anywhere", found["page of ''"], 50, "ms"),
        at_most("a quick look at the folder", found["quick look"], 10, "ms"),
    ]
    if arguments.json:
        json.dump({"runs": arguments.count, "ms": found, "aims": plain(aims)}, sys.stdout, indent=2)
        print()
    else:
        print(f"{arguments.count:,} runs; ms, the worst of {REPEATS} from the top, the middle and the end")
        for name, value in found.items():
            print(f"  {name:48} {value:10.1f}")
        show(aims)
    return 0 if all(each.reached for each in aims) else 1


def measure(folder: Path, count: int) -> dict[str, float]:
    """Milliseconds by what was done."""
    root = folder / "runs"
    (source,) = RECORDED.iterdir()
    for number in range(count):
        name = run_id(1_790_000_000_000 + 60_000 * number, hashlib.sha256(b"%d" % number).digest()[:10])
        shutil.copytree(source, root / name)
    time.sleep(1.1)  # What changed within the last second is looked at again.
    found = {}
    with closing(Catalogue(folder / "catalogue.sqlite3", root)) as catalogue:

        def first() -> None:
            catalogue.sync(0.1)
            catalogue.page(parse("", 0), 0, PAGE)

        found["first page, nothing catalogued"] = timed(first)
        found["rows of all others"] = timed(catalogue.sync)
        found["texts of all"] = timed(catalogue.read_words)
        found["thorough look"] = timed(catalogue.sync)
        found["quick look"] = percentile([timed(lambda: catalogue.sync(thorough=False)) for _ in range(REPEATS)], 0.5)
        for text in ASKED:
            found[f"page of {text!r}"] = max(asked(catalogue, text, at) for at in (0, count // 2, count - PAGE))
        found["page of '' as a tree"] = max(asked(catalogue, "", at, tree=True) for at in (0, count - PAGE))
    return found


def asked(catalogue: Catalogue, text: str, first: int, *, tree: bool = False) -> float:
    wanted = parse(text, time.time_ns())
    return max(timed(lambda: catalogue.page(wanted, first, PAGE, tree=tree)) for _ in range(REPEATS))


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000
