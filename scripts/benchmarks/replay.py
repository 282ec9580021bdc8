"""Recordings: what it costs to write one, to open it, to move in it and to verify it; beside MCAP and SQLite.

A council's run of eight streams is made anew, a million events long, one chunk of 4 to 8 bytes an event; ten thousand
and ten million events of the same kind show how each cost grows. Whoever moves in a recording is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import replay_append, replay_beside, replay_reader, replay_screen
from benchmarks.figures import Aim, at_least, at_most, plain, show
from benchmarks.processes import pinned
from benchmarks.replay_run import RUN, Run
from benchmarks.terminal import environment

HERE = Path(__file__).resolve().parent
MAIN, BESIDE = 1_000_000, (10_000, 10_000_000)
QUICK, QUICK_BESIDE = 100_000, (10_000,)
STARTS = 7

Figures = dict[str, float]
Rows = dict[str, Figures]


def reader(folder: Path, seed: int, what: str) -> Rows:
    command = [sys.executable, "-I", str(HERE / "replay_reader.py"), str(folder), str(seed), what]
    environ = environment(str(folder.parents[1]))
    found: Rows = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environ).stdout)
    return found


def verify_command(folder: Path) -> float:
    """Seconds of `hive verify`, from its start to its end."""
    command = [str(Path(sys.executable).with_name("hive")), "verify", str(folder)]
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment(str(folder.parents[1])))
    return time.perf_counter() - begun


def recorded(events: int, seed: int, home: Path) -> Rows:
    """All that is measured of a recording of that length."""
    run, folder = Run(events, seed), home / str(events) / RUN
    append = replay_append.record(run, folder)
    size = replay_append.sizes(folder, run)
    verify = reader(folder, seed, "verify")
    verify["verify"]["command_s"] = round(verify_command(folder), 3)
    rows = reader(folder, seed, "move")
    rounded = {
        name: {key: round(value, 3) for key, value in row.items()} for name, row in (("append", append), ("size", size))
    }
    return {**rows, **rounded, **verify}


def opened_on_screen(events: int, home: Path) -> Figures:
    """How soon the screen shows the recording that `recorded` made."""
    found = replay_screen.opens(home / str(events) / RUN, str(home), STARTS)
    return {name: round(value, 1) for name, value in found.items()}


def on_screen(events: int, home: Path) -> Figures:
    """The screen on the recording that `recorded` made."""
    opened = opened_on_screen(events, home)
    found = replay_screen.moves(home / str(events) / RUN, str(home))
    return {**opened, **{name: round(value, 1) for name, value in found.items()}}


def others(events: int, seed: int, home: Path) -> Rows:
    moments = replay_beside.some_moments(seed)
    return {
        "mcap": replay_beside.in_mcap(Run(events, seed), home / "run.mcap", moments),
        "sqlite": replay_beside.in_sqlite(Run(events, seed), home / "run.sqlite", moments),
    }


def aims(rows: Rows) -> list[Aim]:
    slowest = max(value for name, value in rows["scrub"].items() if name.endswith("_p99"))
    frame_ms, speed = 1000 * replay_reader.FRAME_S, replay_reader.SPEED
    return [
        at_most("open to the last state (cold cache)", rows["open"]["cold_p50"], 150, "ms"),
        at_most("random seek, p95", rows["seek"]["p95"], 16, "ms"),
        at_most("random seek, p99", rows["seek"]["p99"], 33, "ms"),
        at_most("random seek in the slowest tenth of the run, p95", rows["seek"]["worst_tenth"], 16, "ms"),
        at_most("a step of a held key, whichever, p99", slowest, frame_ms, "ms"),
        at_most(f"a frame of play at {speed}x, p99", rows["play"]["p99"], frame_ms, "ms"),
        at_most("the run's own words", rows["screen"]["picture_ms"], 150, "ms"),
        at_most("the run's own words, its files not in the cache", rows["screen"]["cold_picture_ms"], 150, "ms"),
        at_least("frames while Left is held", rows["screen"]["back_fps"], 60, "a second"),
        at_least("frames while Right is held", rows["screen"]["forward_fps"], 60, "a second"),
        at_most("the moment still moves after Left", rows["screen"]["back_settle_ms"], 100, "ms"),
        at_least(f"the run's seconds a second at {speed}x", rows["screen"]["play_speed"], 0.95 * speed, "s"),
        at_most("the screen's peak memory, moved through", rows["screen"]["peak_rss_mb"], 60, "MB"),
        at_most("append, fsync where a stage ends", rows["append"]["us_an_event"], 5, "us"),
        at_most("bytes an event beyond its text", rows["size"]["beyond_text"], 12, "bytes"),
        at_least("verify", rows["verify"]["events_a_second"], 1_000_000, "events/s"),
    ]  # fmt: skip


def print_rows(events: int, rows: Rows) -> None:
    print(f"\n{events:,} events")
    for name, row in rows.items():
        print(f"  {name:<8}" + "  ".join(f"{key} {value:,.10g}" for key, value in row.items()))


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench replay", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one document on stdout")
    parser.add_argument("--seed", type=int, default=0, help="of the run and of the moments looked at")
    parser.add_argument("--quick", action="store_true", help="shorter runs")
    options = parser.parse_args(argv)
    events, beside = (QUICK, QUICK_BESIDE) if options.quick else (MAIN, BESIDE)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        rows = recorded(events, options.seed, home)
        with pinned(1):
            rows["screen"] = on_screen(events, home)
        rows |= others(events, options.seed, home)
        print(f"replay: {events} events after {time.monotonic() - begun:.0f} s", file=sys.stderr)
        growth = {}
        for count in beside:
            growth[str(count)] = recorded(count, options.seed, home)
            with pinned(1):
                growth[str(count)]["screen"] = opened_on_screen(count, home)
            print(f"replay: {count} events after {time.monotonic() - begun:.0f} s", file=sys.stderr)
    reached = aims(rows)
    if options.json:
        document = {"events": events, "rows": rows, "growth": growth, "aims": plain(reached)}
        print(json.dumps({"bench": "replay", "seed": options.seed, **document}))
        return 0
    for each, found in sorted([(events, rows), *((int(count), found) for count, found in growth.items())]):
        print_rows(each, found)
    show(reached)
    return 0
