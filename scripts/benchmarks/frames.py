"""Frames a second, intervals, processor time and key to paint of the live panes, beside four baselines.

A real pty each run: the screen is pinned to one core, the feeder (another process, through the real ring) and the
reader to the other. Frames are counted by the reader. Baselines are interleaved in the same run. Linux only: processor
time and memory come from /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from benchmarks.frames_reader import Terminal

HERE = Path(__file__).resolve().parent
VARIANTS = ("fast", "compositor", "richlog", "markdown", "rowdiff")
RATES = (1_000, 10_000, 100_000)
SIZES = ((160, 48), (240, 70))
THROTTLE = 100_000
"""Bytes a second of the slow terminal."""
WARM, WATCH, TYPING = 1.5, 5.0, 8.0
PRESSES = 32.0

Figures = dict[str, float]


def measure(
    variant: str, rate: float, size: tuple[int, int], seed: int, throttle: float = 0, quick: bool = False
) -> Figures:
    """One run of one screen."""
    environ = {
        **os.environ,
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "TEXTUAL_FPS": "250",
        "TEXTUAL_ANIMATIONS": "none",
        "PYTHONPATH": str(HERE.parent.parent),
    }
    for name in ("NO_COLOR", "COLUMNS", "LINES", "PYTHONDONTWRITEBYTECODE", "TERM_PROGRAM"):
        environ.pop(name, None)
    watch, typing = (2.5, 2.5) if quick else (WATCH, TYPING)
    with tempfile.TemporaryDirectory() as folder:
        feeder = subprocess.Popen(
            [sys.executable, str(HERE / "frames_feeder.py"), folder, str(rate)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environ,
            text=True,
        )
        assert feeder.stdin is not None
        assert feeder.stdout is not None
        ring = feeder.stdout.readline().strip()
        terminal = Terminal([sys.executable, str(HERE / "frames_screen.py"), variant, ring], *size, environ, throttle)
        try:
            terminal.watch(1.5)
            idle = terminal.switches(), terminal.cpu_seconds()
            terminal.watch(1.0)
            idle = terminal.switches() - idle[0], terminal.cpu_seconds() - idle[1]
            feeder.stdin.write("go\n")
            feeder.stdin.flush()
            terminal.watch(WARM)
            terminal.frames.clear()
            terminal.bytes = 0
            before, begun = terminal.cpu_seconds(), time.monotonic()
            terminal.watch(watch)
            spent, took = terminal.cpu_seconds() - before, time.monotonic() - begun
            frames, written = list(terminal.frames), terminal.bytes
            terminal.watch(typing, PRESSES, seed)
            terminal.watch(0.5)
            memory = terminal.memory()
        finally:
            feeder.stdin.close()
            terminal.close()
            feeder.wait()
    gaps = [(b - a) * 1000 for a, b in pairwise(frames)]
    keys = [each * 1000 for each in terminal.latencies]
    return {
        "fps": len(frames) / took,
        "p50_ms": percentile(gaps, 0.5),
        "p99_ms": percentile(gaps, 0.99),
        "cpu": 100 * spent / took,
        "key_p50_ms": percentile(keys, 0.5),
        "key_p99_ms": percentile(keys, 0.99),
        "presses": float(len(keys)),
        "presses_lost": float(len(terminal.key_times) - len(keys)),
        "kb_s": written / took / 1000,
        "idle_wakeups_s": float(idle[0]),
        "uss_mb": memory["uss"],
        "rss_mb": memory["rss"],
    }


def percentile(values: list[float], share: float) -> float:
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def cells() -> Iterator[tuple[str, tuple[int, int], int, float]]:
    """(variant, size, tokens a second, bytes a second or 0), baselines beside each other."""
    for size in SIZES:
        for rate in RATES:
            for variant in VARIANTS:
                yield variant, size, rate, 0
    for variant in ("fast", "compositor"):
        yield variant, SIZES[0], 10_000, THROTTLE


def wanted(args: argparse.Namespace, cell: tuple[str, tuple[int, int], int, float]) -> bool:
    variant, size, rate, throttle = cell
    name = f"{variant}-{size[0]}x{size[1]}-{rate}{'-throttled' if throttle else ''}"
    if args.quick and not args.only and (size != SIZES[0] or rate == 1_000):
        return False
    return all(part in name for part in args.only.split(","))


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="frames", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each cell; the median is shown")
    parser.add_argument("--quick", action="store_true", help="one short run of 10 k and 100 k at 160x48")
    parser.add_argument("--only", default="", help="cells whose name has all these parts, such as fast,160x48")
    parser.add_argument("--json", action="store_true", help="one document on standard output")
    args = parser.parse_args(argv)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    runs = 1 if args.quick else args.runs
    chosen = [cell for cell in cells() if wanted(args, cell)]
    found: dict[tuple[str, tuple[int, int], int, float], list[Figures]] = {cell: [] for cell in chosen}
    for run in range(runs):
        for cell in chosen:
            variant, size, rate, throttle = cell
            found[cell].append(measure(variant, rate, size, run, throttle, args.quick))
            print(f"run {run + 1}/{runs} {cell}: {found[cell][-1]}", file=sys.stderr)
    rows = [
        {
            "screen": variant,
            "size": f"{size[0]}x{size[1]}",
            "tokens_per_s": rate,
            "bytes_per_s": throttle or None,
            **{key: round(statistics.median(each[key] for each in runs_of), 2) for key in runs_of[0]},
            "presses": sum(each["presses"] for each in runs_of),
        }
        for (variant, size, rate, throttle), runs_of in found.items()
    ]
    if args.json:
        print(json.dumps({"bench": "frames", "runs": runs, "cells": rows}))
        return 0
    columns = ("screen", "size", "tokens_per_s", "bytes_per_s", "fps", "p50_ms", "p99_ms", "cpu", "key_p50_ms",
               "key_p99_ms", "presses", "kb_s", "idle_wakeups_s", "uss_mb", "rss_mb")  # fmt: skip
    print("  ".join(f"{name:>12}" for name in columns))
    for row in rows:
        print("  ".join(f"{row[name] if row[name] is not None else '-':>12}" for name in columns))
    return 0
