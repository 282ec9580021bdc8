"""From the command to the first picture and to a question line that takes keys, and what screen and core weigh.

Each start is a real one in a pty: the moment before the process exists, the moment at which the first synchronised
write has been read, the moments at which typed keys are echoed. A key is typed before the process exists, then one
every 10 ms or so once the one before was seen, until one that was typed after the hand-over to Textual is seen. A bare
Python of the same environment is started in between. The reader is pinned to one core; what is started is not pinned.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import select
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import core_runs, figures
from benchmarks.figures import Aim, at_most
from benchmarks.frames_reader import FRAME_END
from benchmarks.processes import children, cpu_seconds, memory, pin, unpinned
from benchmarks.terminal import Terminal, environment

from hive_tui.core.commands import Facts

ROOT = Path(__file__).resolve().parents[2]
BARE = [sys.executable, "-I", "-S", "-c", "0"]
TEXTUAL = [sys.executable, "-I", "-c", "import textual.app"]
"""The least that any screen of Textual's takes; says how slow this machine is just now."""
WAYS = {"hive": [str(Path(sys.executable).with_name("hive"))], "scripts/hive": [str(ROOT / "scripts/hive")]}
LETTERS = "".join(letter for letter in map(chr, range(0xC0, 0x180)) if letter.isalpha())
"""The keys that are typed, one after the other: no other text of the screen has them."""
STARTS = 8
"""Starts of each way in a run."""
TOKENS = 100_000
ENTER, CLEAR = b"\x1b[?1049h", b"\x1b[2J"
LIMIT_S = 10.0

Figures = dict[str, float]


def whole(command: list[str]) -> float:
    """Milliseconds of a command from its start to its end."""
    with unpinned():
        before = time.monotonic()
        process = os.posix_spawn(command[0], command, dict(os.environ))
    os.waitpid(process, 0)
    return (time.monotonic() - before) * 1000


def read_until(terminal: Terminal, wanted: bytes, start: int = 0) -> tuple[float, int]:
    """When `wanted` had been read, and where it ends."""
    end = terminal.started + LIMIT_S
    while (at := terminal.written.find(wanted, start)) < 0:
        if not select.select([terminal.master], [], [], max(0.0, end - time.monotonic()))[0]:
            raise RuntimeError(f"{wanted!r} did not come: {bytes(terminal.written[-2000:])!r}")
        terminal.read()
    return time.monotonic(), at + len(wanted)


def one_start(command: Sequence[str], home: str) -> Figures:
    """Milliseconds from the command on, and what went wrong."""
    with unpinned():
        terminal = Terminal(command, environment(home))
    try:
        terminal.type(LETTERS[0])
        painted, at = read_until(terminal, FRAME_END)
        first, _ = read_until(terminal, LETTERS[0].encode())
        waits: list[float] = []
        typed = 1
        handed = 0.0
        while not handed:
            time.sleep(random.uniform(0.005, 0.015))
            before = time.monotonic()
            terminal.type(LETTERS[typed])
            seen, _ = read_until(terminal, LETTERS[typed].encode())
            waits.append(seen - before)
            typed += 1
            if FRAME_END in terminal.written[at:]:
                handed = seen
        terminal.type(LETTERS[typed])
        usable, _ = read_until(terminal, LETTERS[typed].encode(), at)
        spent = cpu_seconds(terminal.pid)
        read_until(terminal, FRAME_END, terminal.written.find(LETTERS[typed].encode(), at))
        kept = LETTERS[: typed + 1].encode() in terminal.written
        return {
            "first_frame": (painted - terminal.started) * 1000,
            "first_echo": (first - terminal.started) * 1000,
            "longest_wait": max(waits) * 1000,
            "usable": (usable - terminal.started) * 1000,
            "usable_cpu": spent * 1000,
            "keys_lost": float(not kept),
            "flicker": float(terminal.written.count(ENTER) - 1 + terminal.written.count(CLEAR)),
        }
    finally:
        terminal.close()


def starts(runs: int, each: int) -> dict[str, list[Figures]]:
    """By way of starting, the medians of each run; `bare` beside them."""
    found: dict[str, list[Figures]] = {way: [] for way in ("bare", "import textual.app", *WAYS)}
    with tempfile.TemporaryDirectory() as home:
        for command in WAYS.values():
            one_start(command, home)  # Reads everything into the system's cache.
        for run in range(runs):
            samples: dict[str, list[Figures]] = {way: [] for way in found}
            for _ in range(each):
                samples["import textual.app"].append({"usable": whole(TEXTUAL)})
                for way, command in WAYS.items():
                    samples["bare"].append({"first_frame": whole(BARE)})
                    samples[way].append(one_start(command, home))
            for way, taken in samples.items():
                worst: Figures = {
                    name: max(one[name] for one in taken) for name in ("keys_lost", "flicker") if name in taken[0]
                }
                times = [one["first_frame"] for one in taken if "first_frame" in one]
                slow: Figures = {"first_frame_p90": figures.percentile(times, 0.9)} if times else {}
                found[way].append({**figures.medians(taken), **worst, **slow})
            print(f"start: run {run + 1} of {runs}: {samples['bare'][-1]} {samples['hive'][-1]}", file=sys.stderr)
    return found


def screen_weight(port: int) -> Figures:
    """MB of the screen, and of its core, after four panes were told `TOKENS` tokens."""
    with tempfile.TemporaryDirectory() as home:
        model = f"flood/8/{TOKENS // 4}"
        endpoint = ["--endpoint", f"http://127.0.0.1:{port}/v1", "--model", model, "how", "many?"]
        terminal = Terminal([*WAYS["hive"], *endpoint], environment(home))
        try:
            end = time.monotonic() + LIMIT_S * 6
            while not list(Path(home).glob("data/runs/*/summary.json")):
                if time.monotonic() > end:
                    raise RuntimeError(f"the run did not end: {bytes(terminal.written[-2000:])!r}")
                if select.select([terminal.master], [], [], 0.05)[0]:
                    terminal.read()
            settled = time.monotonic() + 1.0
            while (left := settled - time.monotonic()) > 0:
                if select.select([terminal.master], [], [], left)[0]:
                    terminal.read()
            weight = memory(terminal.pid)
            (core,) = children(terminal.pid)
            return {"screen_uss": weight["uss"], "screen_rss": weight["rss"], "core_rss": memory(core)["rss"]}
        finally:
            terminal.close()


async def core_weight(port: int) -> Figures:
    """MB of a core: up, after a run, with kernels that it had to compile, and in the next core with kernels loaded."""
    found: Figures = {}
    with tempfile.TemporaryDirectory() as home:
        environ = core_runs.home_environment(home)
        async with core_runs.core(environ, 0) as core:
            await core.warm(core_runs.flood(port, 8, TOKENS))
            found["up"] = memory(core.client.pid)["rss"]
            await core.ask(core_runs.flood(port, 8, TOKENS))
            found["after_a_run"] = memory(core.client.pid)["rss"]
            await core.client.request(Facts())
            found["kernels_compiled"] = memory(core.client.pid)["rss"]
        async with core_runs.core(environ, 0) as core:
            await core.ask(core_runs.flood(port, 8, TOKENS))
            await core.client.request(Facts())
            found["kernels_loaded"] = memory(core.client.pid)["rss"]
    return found


def aims(found: dict[str, list[Figures]], screen: Figures, core: Figures) -> list[Aim]:
    bare_ms = figures.medians(found["bare"])["first_frame"]
    hive, script = figures.medians(found["hive"]), figures.medians(found["scripts/hive"])
    textual = figures.medians(found["import textual.app"])["usable"]
    ratio = (
        f"the whole screen takes keys ({hive['usable'] / textual:.2f} x the import of textual.app, {textual:.0f} ms)"
    )
    lost = sum(run["keys_lost"] for way in WAYS for run in found[way])
    flicker = max(run["flicker"] for way in WAYS for run in found[way])
    return [
        at_most(f"first frame by hive: bare Python's {bare_ms:.1f} ms +", hive["first_frame"] - bare_ms, 15, "ms"),
        at_most("first frame by scripts/hive: bare Python's +", script["first_frame"] - bare_ms, 40, "ms"),
        at_most("question line shows what is typed", hive["first_echo"], 260, "ms"),
        at_most("the longest wait of a key in it, until then", hive["longest_wait"], 260, "ms"),
        at_most(ratio, hive["usable"], 260, "ms"),
        Aim("keys typed early are there", f"lost in {lost:.0f} runs", not lost),
        Aim("one alternate screen, no clearing", f"{flicker:.0f} more than that", not flicker),
        at_most("screen's USS after 100 k tokens in four panes", screen["screen_uss"], 45, "MB"),
        at_most("screen's RSS", screen["screen_rss"], 55, "MB"),
        at_most("core before kernels are loaded", max(core["after_a_run"], screen["core_rss"]), 80, "MB"),
        at_most("core with kernels", max(core["kernels_compiled"], core["kernels_loaded"]), 190, "MB"),
    ]  # fmt: skip


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench start", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one document on stdout")
    parser.add_argument("--runs", type=int, default=5, help="the median of so many runs is shown")
    parser.add_argument("--quick", action="store_true", help="one short run")
    options = parser.parse_args(argv)
    runs = 1 if options.quick else options.runs
    pin(0, 1)
    found = starts(runs, 2 if options.quick else STARTS)
    with core_runs.provider_process(1) as port:
        screen = figures.medians([screen_weight(port) for _ in range(runs)])
        core = figures.medians([asyncio.run(core_weight(port)) for _ in range(1 if options.quick else min(3, runs))])
    reached = aims(found, screen, core)
    if options.json:
        rows = {way: figures.medians(taken) for way, taken in found.items()}
        document = {"starts": rows, "screen_mb": screen, "core_mb": core, "aims": figures.plain(reached)}
        print(json.dumps({"bench": "start", "runs": runs, **document}))
        return 0
    names = ("first_frame", "first_frame_p90", "first_echo", "longest_wait", "usable", "usable_cpu")
    print(f"\nms, medians of {runs} runs    " + "".join(f"{name:>16}" for name in names))
    for way, taken in found.items():
        row = figures.medians(taken)
        print(f"  {way:<24}" + "".join(f"{row[name]:>16.1f}" if name in row else f"{'':>16}" for name in names))
    print("\nMB  " + "  ".join(f"{name} {value:.1f}" for name, value in {**screen, **core}.items()))
    figures.show(reached)
    return 0
