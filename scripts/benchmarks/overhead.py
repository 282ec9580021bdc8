"""What Hive adds between a key and the wire, and between the wire and the screen; what a chunk costs the core.

Enter to request and byte to glyph: the real `hive` in a pty, its provider served by the reader's own loop, one clock.
The core's cost: the real process, log and ring, against a flood from another process on the other core; processor time
is read from outside and includes the recording's end. The other clients read the same flood in turn.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks import clients, core_runs, figures, overhead_screen
from benchmarks.figures import Aim, at_least, at_most
from benchmarks.processes import cpu_seconds, pin
from benchmarks.provider import PATTERN

from hive_tui.config.request import RunRequest

HERE = Path(__file__).resolve().parent
FRAMES = (1, 8, 16)
"""Frames an HTTP chunk."""
CHUNKS = {1: 15 * PATTERN, 8: 50 * PATTERN, 16: 50 * PATTERN}
OTHER_CHUNKS = {"bare httpx": 20 * PATTERN, "httpx + msgspec": 20 * PATTERN, "openai package": 3 * PATTERN}
READS = {
    "flood, 8 a chunk": (8, 50 * PATTERN, 0),
    "20,000/s, 8 a chunk": (8, 10 * PATTERN, 20_000),
    "500/s, one a chunk": (1, PATTERN, 500),
}
"""Frames an HTTP chunk, chunks, chunks a second."""
PRESSES, TOKENS, PAUSE_S = 25, 250, 0.03
"""Questions and tokens a run, and the mean time between two tokens: some come while the screen sleeps."""

Figures = dict[str, float]


async def core_flood(port: int, frames: int, chunks: int, environ: Mapping[str, str]) -> Figures:
    """One flood through a core of its own."""
    async with core_runs.core(environ, 0) as core:
        request = core_runs.flood(port, frames, chunks)
        await core.warm(request)
        await asyncio.sleep(0.3)  # What the core does after its start must not be counted.
        cpu, wall = cpu_seconds(core.client.pid), time.monotonic()
        await core.ask(request)
        return {
            "us_a_chunk": (cpu_seconds(core.client.pid) - cpu) / chunks * 1e6,
            "chunks_s": chunks / (time.monotonic() - wall),
        }


async def traced_flood(request: RunRequest, environ: Mapping[str, str], *words: str) -> dict[str, Any]:
    """One flood through a core whose reads are watched (`traced_core`)."""
    with tempfile.TemporaryDirectory() as folder:
        findings = Path(folder) / "findings"

        def start(environ: Mapping[str, str]) -> tuple[int, socket.socket]:
            ours, theirs = socket.socketpair()
            with theirs:
                theirs.set_inheritable(True)
                # Not by `spawn_module`: this one is found by PYTHONPATH, which what runs with -I does not hear.
                arguments = ["--socket", str(theirs.fileno()), str(findings), *words]
                command = [sys.executable, "-P", "-m", "benchmarks.traced_core", *arguments]
                path = os.pathsep.join((str(HERE.parent), str(HERE.parent.parent)))
                environ = {**environ, "PYTHONPATH": path}
                return os.posix_spawn(sys.executable, command, environ, setsid=True), ours

        async with core_runs.core(environ, 0, start) as core:
            await core.warm(request)
            await core.ask(request)
        found: dict[str, Any] = json.loads(findings.read_text())
        return found


def other(name: str, port: int, frames: int, chunks: int) -> Figures:
    """One flood through another client, in a process of its own on the core's core."""
    command = [sys.executable, "-P", "-m", "benchmarks.clients", name, str(port), str(frames), str(chunks)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=HERE.parent, env=_with_project(os.environ))
    pin(process.pid, 0)
    found: Figures = json.loads(process.communicate()[0])
    return found


def _with_project(environ: Mapping[str, str]) -> dict[str, str]:
    return {**environ, "PYTHONPATH": f"{HERE.parent.parent}{os.pathsep}{HERE.parent}"}


def in_home(measure: Callable[[dict[str, str]], Any]) -> Any:
    with tempfile.TemporaryDirectory() as home:
        return measure(core_runs.home_environment(home))


def floods(port: int, runs: int, part: float) -> dict[str, dict[int, list[Figures]]]:
    """By reader and frames an HTTP chunk; the readers take turns."""
    names = [name for name in clients.CLIENTS if clients.available(name)]
    found: dict[str, dict[int, list[Figures]]] = {name: {size: [] for size in FRAMES} for name in ("core", *names)}
    for run in range(runs):
        for frames in FRAMES:
            order = list(found)
            random.Random(run).shuffle(order)
            for name in order:
                whole = CHUNKS[frames] if name == "core" else OTHER_CHUNKS[name]
                chunks = max(1, int(whole * part) // PATTERN) * PATTERN
                if name == "core":
                    taken = in_home(lambda environ: asyncio.run(core_flood(port, frames, chunks, environ)))  # noqa: B023
                else:
                    taken = other(name, port, frames, chunks)
                found[name][frames].append(taken)
        print(f"overhead: floods, run {run + 1} of {runs}", file=sys.stderr)
    return found


def traces(port: int, runs: int, part: float) -> dict[str, dict[str, float]]:
    """Microseconds a chunk of single reads, for each way in which the chunks come."""

    def traced(way: str, *words: str) -> dict[str, Any]:
        frames, chunks, rate = READS[way]
        request = core_runs.flood(port, frames, max(1, int(chunks * part) // PATTERN) * PATTERN, rate)
        found: dict[str, Any] = in_home(lambda environ: asyncio.run(traced_flood(request, environ, *words)))
        return found

    rows = {}
    for way in READS:
        taken = [traced(way) for _ in range(runs)]
        shares = {"p50": 0.5, "p99": 0.99, "max": 1.0}
        figure = [
            {name: figures.percentile(each["us_a_chunk"], share) for name, share in shares.items()}
            | {
                "reads": len(each["us_a_chunk"]),
                "chunks_a_read": each["chunks"] / len(each["us_a_chunk"]),
                "gc_passes_a_minute": each["gc_passes_a_minute"],
            }
            for each in taken
        ]
        rows[way] = figures.medians(figure) | {
            "allocations_a_chunk": round(traced(way, "allocations")["allocations_a_chunk"], 1)
        }
        print(f"overhead: reads, {way}", file=sys.stderr)
    return rows


def latencies(runs: int, quick: bool) -> dict[str, dict[str, float]]:
    """Milliseconds: medians of the runs' percentiles, the worst of all runs as `max`."""
    pressed: list[dict[str, float]] = []
    shown: list[dict[str, float]] = []
    cold = 0
    for run in range(runs):
        taken = overhead_screen.presses(PRESSES // (5 if quick else 1), run)
        cold += len(taken["cold"])
        pressed.append(figures.spread(taken["warm"], 1000))
        shown.append(figures.spread(overhead_screen.glyphs(TOKENS // (5 if quick else 1), run, PAUSE_S), 1000))
        print(f"overhead: keys and glyphs, run {run + 1} of {runs}: {pressed[-1]} {shown[-1]}", file=sys.stderr)

    def over(rows: list[dict[str, float]]) -> dict[str, float]:
        whole = {"max": max(row["max"] for row in rows), "samples": sum(row["samples"] for row in rows)}
        return {**figures.medians(rows), **whole}

    return {
        "enter_to_request": over(pressed),
        "byte_to_glyph": over(shown),
        "enter_without_a_connection": {"samples": cold},
    }


def aims(found: dict[str, Any]) -> list[Aim]:
    core, reads = found["floods"]["core"], found["reads"]
    bare = found["floods"]["bare httpx"][1]["us_a_chunk"]
    single = core[1]["us_a_chunk"]
    dearest, slowest = max(core[n]["us_a_chunk"] for n in (8, 16)), min(core[n]["chunks_s"] for n in (8, 16))
    what = f"one frame an HTTP chunk, {single:.1f} us, beside bare httpx's {bare:.1f} us"
    return [
        at_most("Enter to request bytes, p99", found["ms"]["enter_to_request"]["p99"], 10, "ms"),
        at_most("byte on the socket to glyph, p99", found["ms"]["byte_to_glyph"]["p99"], 20, "ms"),
        at_most("core's CPU a chunk at >= 8 frames an HTTP chunk", dearest, 12, "us"),
        at_least("chunks a second, on one core", slowest, 60_000, "chunks/s"),
        Aim(f"{what}: <= 1.5 x", f"{single / bare:.2f} x", single <= 1.5 * bare),
        *(
            at_most(f"a read's CPU / its chunks, p99 over reads; {way}", reads[way]["p99"], 50, "us")
            for way in list(READS)[:2]
        ),
    ]


def show(found: dict[str, Any]) -> None:
    print(f"\nms, {found['runs']} runs                p50       p99       max   samples")
    for name in ("enter_to_request", "byte_to_glyph"):
        row = found["ms"][name]
        print(f"  {name:<22}{row['p50']:>10.1f}{row['p99']:>10.1f}{row['max']:>10.1f}{row['samples']:>10}")
    cold = found["ms"]["enter_without_a_connection"]["samples"]
    print(f"  {cold} of the questions found no connection open")
    print("\nCPU, us a chunk (chunks/s)" + "".join(f"{f'{size} frames a chunk':>22}" for size in FRAMES))
    for name, sizes in found["floods"].items():
        cells = [f"{sizes[size]['us_a_chunk']:.1f} ({sizes[size]['chunks_s']:,.0f})" for size in FRAMES]
        print(f"  {name:<24}" + "".join(f"{cell:>22}" for cell in cells))
    if "openai package" not in found["floods"]:
        print("  the openai package is not installed here: pip install openai in this environment to compare")
    columns = ("p50", "p99", "max", "reads", "chunks_a_read", "allocations_a_chunk", "gc_passes_a_minute")
    print("\na read's CPU / its chunks, us" + "".join(f"{name:>21}" for name in columns))
    for way, row in found["reads"].items():
        print(f"  {way:<28}" + "".join(f"{row[name]:>21,.1f}" for name in columns))


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench overhead", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one document on stdout")
    parser.add_argument("--runs", type=int, default=5, help="the median of so many runs is shown")
    parser.add_argument("--quick", action="store_true", help="one short run")
    options = parser.parse_args(argv)
    runs, part = (1, 0.2) if options.quick else (options.runs, 1.0)
    pin(0, 1)
    with core_runs.provider_process(1) as port:
        taken = floods(port, runs, part)
        found: dict[str, Any] = {
            "bench": "overhead",
            "runs": runs,
            "floods": {
                name: {size: figures.medians(each) for size, each in sizes.items()} for name, sizes in taken.items()
            },
            "reads": traces(port, runs, part),
        }
    found["ms"] = latencies(runs, options.quick)
    reached = aims(found)
    if options.json:
        print(json.dumps({**found, "aims": figures.plain(reached)}))
    else:
        show(found)
        figures.show(reached)
    return 0
