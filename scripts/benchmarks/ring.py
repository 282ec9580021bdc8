"""The ring beside Queue, Pipe, socket and memcpy: tokens a second, delay, laps, and what waiting costs.

Writer and reader are pinned to different cores where there are two; the roads take turns within each run; figures are
medians of the runs. The ring's writer waits for nobody, so in the throughput rows it is paced: it stays at most half a
ring ahead of the position that the reader states. All readers hash every byte and check every sequence; the compiled
one also checks chunk tables and UTF-8. In the lapped row the writer bursts several rings at a time without waiting.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks import ring_roads as roads
from benchmarks import ring_waits as waits

SIZES = (1, 64, 1024)
RECORDS = {
    "ring, plain": (1_000_000, 300_000, 60_000),
    "ring, compiled": (16_000_000, 1_000_000, 100_000),
    "multiprocessing.Queue": (150_000, 80_000, 20_000),
    "multiprocessing.Pipe": (200_000, 100_000, 20_000),
    "unix socket, msgpack": (200_000, 100_000, 20_000),
}
"""Records a run, for each size: enough for half a second and more."""
WAYS = ("ring, polled", "ring, doorbell", "multiprocessing.Queue", "multiprocessing.Pipe")
LAPPED_TOKENS = 10**8
AIM_TOKENS, AIM_RATIO, AIM_P50_US = 40e6, 100, 20


def median(values: list[float]) -> float:
    return statistics.median(values)


def road(name: str) -> Any:
    made: dict[str, Callable[[], Any]] = {
        "ring, plain": lambda: roads.Ring(compiled=False),
        "ring, compiled": lambda: roads.Ring(compiled=True),
        "multiprocessing.Queue": roads.Queue,
        "multiprocessing.Pipe": roads.Pipe,
        "unix socket, msgpack": roads.Socket,
    }
    return made[name]()


def throughput(runs: int, part: float) -> dict[str, dict[int, float]]:
    """Tokens a second, by road and tokens a record."""
    cells: dict[tuple[str, int], list[float]] = {}
    hashes: dict[tuple[int, int], int] = {}
    for run in range(runs):
        for at, size in enumerate(SIZES):
            for name, counts in RECORDS.items():
                records = max(1000, int(counts[at] * part))
                if (size, records) not in hashes:
                    hashes[size, records] = roads.expected_crc(size, records)
                rate = roads.carry(road(name), size, records, hashes[size, records])
                cells.setdefault((name, size), []).append(rate)
            cells.setdefault(("memcpy", size), []).append(roads.memcpy(size))
        print(f"ring: throughput, run {run + 1} of {runs}", file=sys.stderr)
    return {name: {size: median(cells[name, size]) for size in SIZES} for name in (*RECORDS, "memcpy")}


def delays(runs: int, samples: int) -> dict[str, dict[str, float]]:
    """Microseconds one way, by road."""
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    jobs: dict[str, Callable[[], list[int]]] = {
        "ring, polled": lambda: waits.ring_delay(samples, sleeping=False),
        "ring, doorbell": lambda: waits.ring_delay(samples, sleeping=True),
        "multiprocessing.Queue": lambda: waits.other_delay(samples, "queue"),
        "multiprocessing.Pipe": lambda: waits.other_delay(samples, "pipe"),
    }
    for _ in range(runs):
        for way in WAYS:
            times = jobs[way]()
            found[way].append((waits.share(times, 0.5), waits.share(times, 0.99)))
    return {
        way: {"p50_us": median([a for a, _ in got]), "p99_us": median([b for _, b in got])}
        for way, got in found.items()
    }


def compile_kernels(_meet: Connection) -> None:
    """Fill the cache, in a process of its own: this one is forked and stays light."""
    import hive_tui.kernels.compiled  # noqa: F401


def kernels(runs: int) -> dict[str, Any]:
    """Nanoseconds a byte of each kernel in plain Python and compiled, and from which size on the second is faster."""

    def measure(_meet: Connection) -> list[Any]:
        from hive_tui.kernels.choose import Kernels

        with tempfile.TemporaryDirectory() as folder:
            held = Kernels(Path(os.environ["NUMBA_CACHE_DIR"]), Path(folder))
            held.load()
            return list(held.describe())

    tables = [roads.between(measure, lambda _meet: None)[0] for _ in range(runs)]
    rows = []
    for at, each in enumerate(tables[-1][0].break_evens):
        column = [table[0].break_evens[at] for table in tables]
        sizes = [one.size for one in column]
        known = [size for size in sizes if size is not None]
        rows.append(
            {
                "operation": each.operation,
                "plain_ns": median([one.usual_ns for one in column]),
                "compiled_ns": median([one.other_ns for one in column]),
                "break_even": int(median(known)) if len(known) * 2 > len(sizes) else None,
            }
        )
    return {
        "backends": [{"name": each.name, "state": each.state, "error": each.error} for each in tables[-1]],
        "load_ms": median([table[0].load_ms for table in tables]),
        "operations": rows,
    }


def verdicts(found: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """(aim, figure, reached)."""
    best, single = found["tokens_a_second"]["ring, plain"][1024], found["tokens_a_second"]["multiprocessing.Queue"]
    polled, lapped = found["delay"]["ring, polled"]["p50_us"], found["lapped"]
    same = best / single[1024]
    return [
        (">= 40 M tokens/s at 1,024 a record", f"{best / 1e6:.1f} M", best >= AIM_TOKENS),
        (
            ">= 100 x multiprocessing.Queue (a put a token)",
            f"{best / single[1]:.0f} x",
            best >= AIM_RATIO * single[1],
        ),
        (
            ">= 100 x multiprocessing.Queue (given the same records of 1,024)",
            f"{same:.1f} x",
            same >= AIM_RATIO,
        ),
        ("one-way p50 <= 20 us polled", f"{polled:.1f} us", polled <= AIM_P50_US),
        (
            f"{lapped['tokens']:,} tokens, lapped on purpose: 0 lost, 0 torn, 0 doubled",
            f"{lapped['lost']:.0f}, {lapped['torn']:.0f}, {lapped['doubled']:.0f} in {lapped['laps']:.0f} laps",
            not (lapped["lost"] or lapped["torn"] or lapped["doubled"]) and lapped["laps"] > 0,
        ),
    ]


def show(found: dict[str, Any]) -> None:
    print(f"\nM tokens/s, median of {found['runs']}   " + "".join(f"{size:>10,}" for size in SIZES) + "  a record")
    for name, row in found["tokens_a_second"].items():
        print(f"  {name:<30}" + "".join(f"{row[size] / 1e6:>10.2f}" for size in SIZES))
    print("\none way, us                          p50       p99")
    for way, row in found["delay"].items():
        print(f"  {way:<30}{row['p50_us']:>8.1f}{row['p99_us']:>10.1f}")
    lapped = found["lapped"]
    rate = lapped["tokens"] / lapped["seconds"] / 1e6
    print(f"\nlapped on purpose: {lapped['tokens']:,} tokens in {lapped['seconds']:.1f} s ({rate:.1f} M/s) with")
    part = 100 * lapped["records_from_ring"] / lapped["records"]
    print(f"  {lapped['laps']} laps, {part:.0f} % of the records read from the ring, the rest from the log")
    print(f"a sleeping reader: {found['idle_percent']:.3f} % of a core")
    print("\nkernels, ns a byte              plain  compiled   from bytes on")
    for row in found["kernels"]["operations"]:
        size = "never" if row["break_even"] is None else f"{row['break_even']:,}"
        print(f"  {row['operation']:<24}{row['plain_ns']:>11.2f}{row['compiled_ns']:>10.2f}{size:>16}")
    for each in found["kernels"]["backends"]:
        print(f"  {each['name']}: {each['state']}{' (' + each['error'] + ')' if each['error'] else ''}")
    print()
    for aim, figure, reached in verdicts(found):
        print(f"  {'reached' if reached else 'MISSED '}  {aim}: {figure}")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench ring", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one document on stdout")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--part", type=float, default=1.0, help="share of the full amounts, for a quick look")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as cache:
        os.environ["NUMBA_CACHE_DIR"] = cache
        roads.between(compile_kernels, lambda _meet: None)
        found: dict[str, Any] = {
            "bench": "ring",
            "runs": options.runs,
            "cores": os.cpu_count(),
            "tokens_a_second": throughput(options.runs, options.part),
            "delay": delays(options.runs, max(200, int(3000 * options.part))),
            "idle_percent": median([waits.idle_share(3.0 * options.part) for _ in range(options.runs)]),
            "lapped": waits.lapped(int(LAPPED_TOKENS * options.part)),
            "kernels": kernels(options.runs),
        }
    found["aims"] = [{"aim": aim, "figure": figure, "reached": reached} for aim, figure, reached in verdicts(found)]
    if options.json:
        print(json.dumps(found))
    else:
        show(found)
    lapped = found["lapped"]
    return 1 if lapped["lost"] or lapped["torn"] or lapped["doubled"] else 0
