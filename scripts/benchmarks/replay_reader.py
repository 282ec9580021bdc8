"""Moves through a recording as the screen does, for `replay`: replay_reader.py FOLDER SEED WHAT, a process of its own.

What is looked at at each place is what a screen shows: the state, and the last 2 KiB of the text of every stream.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.figures import percentile, spread

from hive_tui.recording.folder import LOG
from hive_tui.recording.navigation.walker import Place, Walker
from hive_tui.recording.timeline import Timeline
from hive_tui.state import RunState

OPENS, SEEKS, PRESSES = 15, 1000, 300
LOOKED_AT = 2048
"""Bytes of each stream's text: 25 full rows of 80 columns."""
FRAME_S = 1 / 60
JUMP_NS = 5_000_000_000
"""What an arrow key moves by, as in asciinema's player."""
SPEED = 64

Figures = dict[str, float]


def look(state: RunState) -> None:
    for attempt in state.attempts:
        for _ in attempt.text.segments(attempt.text.tail(LOOKED_AT)):
            pass


def forget(folder: Path) -> None:
    """Take the log out of the system's cache, as far as the system does so."""
    file = os.open(folder / LOG, os.O_RDONLY)
    os.fsync(file)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(file)


def opens(folder: Path) -> Figures:
    """Milliseconds until the end of the run is there to be drawn, with the log in the system's cache and not."""
    found: dict[str, list[float]] = {"warm": [], "cold": []}
    for _ in range(OPENS):
        for way, before in (("warm", lambda: None), ("cold", lambda: forget(folder))):
            before()
            begun = time.perf_counter()
            timeline = Timeline(folder)
            look(timeline.last_state())
            found[way].append((time.perf_counter() - begun) * 1000)
            timeline.close()
    return {
        f"{way}_{name}": round(percentile(times, share), 3)
        for way, times in found.items()
        for name, share in (("p50", 0.5), ("max", 1.0))
    }


def seeks(folder: Path, chance: random.Random) -> Figures:
    """Milliseconds of a seek to a random moment; `worst_tenth` is the p95 in the slowest tenth of the run."""
    timeline = Timeline(folder)
    tenths: list[list[float]] = [[] for _ in range(10)]
    for _ in range(SEEKS):
        share = chance.random()
        begun = time.perf_counter()
        look(timeline.state_at(timeline.seq_at(int(share * timeline.duration_ns))))
        tenths[int(share * 10)].append((time.perf_counter() - begun) * 1000)
    timeline.close()
    taken = spread([each for tenth in tenths for each in tenth])
    p95 = percentile([each for tenth in tenths for each in tenth], 0.95)
    return {
        **taken,
        "p95": round(p95, 3),
        "worst_tenth": round(max(percentile(each, 0.95) for each in tenths if each), 3),
    }


def held(folder: Path, share: float, step: Callable[[Timeline, Walker], object]) -> Iterator[float]:
    """Milliseconds of each press of a key that is held, from a share of the run on."""
    timeline = Timeline(folder)
    walker = Walker(timeline)
    walker.go(Place(int(share * timeline.last_seq)))
    for _ in range(PRESSES):
        begun = time.perf_counter()
        step(timeline, walker)
        look(walker.state)
        yield (time.perf_counter() - begun) * 1000
    timeline.close()


def moved(timeline: Timeline, walker: Walker, by_ns: int) -> None:
    """From one end on at the other."""
    walker.go(Place(timeline.seq_at((walker.state.time_ns + by_ns) % timeline.duration_ns)))


def scrubs(folder: Path) -> Figures:
    """Milliseconds a press, p50 and p99, of keys that go by a chunk, by an arrow's seconds and by a percent."""
    timeline = Timeline(folder)
    percent = timeline.duration_ns // 100
    timeline.close()
    ways: dict[str, tuple[float, Callable[[Timeline, Walker], object]]] = {
        "chunk": (0.5, lambda _, walker: walker.step(1)),
        "chunk_back": (0.5, lambda _, walker: walker.step(-1)),
        "arrow": (0.1, lambda timeline, walker: moved(timeline, walker, JUMP_NS)),
        "arrow_back": (0.9, lambda timeline, walker: moved(timeline, walker, -JUMP_NS)),
        "percent": (0.0, lambda timeline, walker: moved(timeline, walker, percent)),
        "percent_back": (1.0, lambda timeline, walker: moved(timeline, walker, -percent)),
    }
    found: Figures = {}
    for way, (share, step) in ways.items():
        times = list(held(folder, share, step))
        found[f"{way}_p50"], found[f"{way}_p99"] = (round(percentile(times, each), 3) for each in (0.5, 0.99))
    return found


def plays(folder: Path) -> Figures:
    """Milliseconds a frame of what playing at `SPEED` takes, at 60 frames a second, from the middle on."""
    frame_ns = int(FRAME_S * SPEED * 1e9)
    times = list(held(folder, 0.5, lambda timeline, walker: moved(timeline, walker, frame_ns)))
    return {"p50": round(percentile(times, 0.5), 3), "p99": round(percentile(times, 0.99), 3)}


def verifies(folder: Path) -> Figures:
    """Events a second of a full pass, with the kernels that `hive verify` takes, loaded."""
    from hive_tui.cli.bulk import kernels_for
    from hive_tui.recording.verify import Verification

    kernels = kernels_for(folder)
    begun = time.perf_counter()
    report = Verification(folder, kernels).run()
    took = time.perf_counter() - begun
    assert report.sound, report.faults
    return {"events_a_second": round(report.records / took), "s": round(took, 3)}


def memory() -> Figures:
    """MB that this process holds, and held at most."""
    with open("/proc/self/status") as file:
        kb = {line.split(":")[0]: int(line.split()[1]) for line in file if line.startswith(("VmRSS", "VmHWM"))}
    return {"now": kb["VmRSS"] / 1024, "peak": kb["VmHWM"] / 1024}


def main(folder: Path, seed: int, what: str) -> dict[str, Figures]:
    if what == "verify":
        return {"verify": verifies(folder)}
    import zstandard  # noqa: F401  It is loaded once a process, and is not what a seek costs.

    before = memory()["now"]
    found = {"open": opens(folder), "seek": seeks(folder, random.Random(seed)), "scrub": scrubs(folder)}
    found["play"] = plays(folder)
    found["memory"] = {"before": round(before, 1), **{name: round(mb, 1) for name, mb in memory().items()}}
    return found


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])))
