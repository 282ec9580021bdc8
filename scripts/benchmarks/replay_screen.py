"""`hive replay RUN` in a pty, for `replay`: its first picture, frames while keys are held and while it plays, memory.

A frame is a synchronised write, seen from outside. The keys come faster than any keyboard repeats them and than the
screen draws, so each frame has another moment to show; how long the moment goes on changing after the last key tells
whether any queued up.
The reader is pinned to one core; the screen is not pinned.
"""

from __future__ import annotations

import re
import select
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from benchmarks.figures import percentile
from benchmarks.frames_reader import FRAME_END
from benchmarks.processes import cpu_seconds, memory, unpinned
from benchmarks.replay_reader import forget
from benchmarks.terminal import Terminal, environment

from hive_tui.recording.timeline import Timeline

HIVE = str(Path(sys.executable).with_name("hive"))
LEFT, RIGHT, HOME = "\x1b[D", "\x1b[C", "\x1b[H"
FASTER, PLAY = "+", " "
FASTEST = 6
"""Presses of FASTER from 1x to 64x."""
HELD_S, PLAYED_S, LIMIT_S = 4.0, 5.0, 20.0
REPEATS = 120.0
"""Presses a second of a held key."""
QUIET_S = 0.5
"""Without another moment for so long, the screen stands still."""
WORDS = re.compile(r"[a-z]+ [a-z]+ [a-z]+")
MOMENT = re.compile(rb"(?:paused|64x) at (?:(?:(\d+):)?(\d+):(\d\d)|([\d.]+) s|\d+ ms) of ")
"""Of the status line."""

Figures = dict[str, float]


class Watched:
    """A screen whose frames are timed."""

    def __init__(self, folder: Path | None, home: str) -> None:
        words = [] if folder is None else ["replay", str(folder)]
        with unpinned():
            self.terminal = Terminal([HIVE, *words], environment(home))
        self.frames: list[float] = []
        self.moments: list[tuple[float, float]] = []
        """When another moment of the run was told, and that moment, in seconds."""
        self._looked = 0

    def watch(self, seconds: float, press: Callable[[], None] | None = None) -> None:
        """Read for a while; `press` is called `REPEATS` times a second."""
        end = time.monotonic() + seconds
        due = time.monotonic() if press is not None else end
        while (now := time.monotonic()) < end:
            if press is not None and now >= due:
                press()
                due += 1 / REPEATS
            self.read(min(end, due) - time.monotonic())

    def rated(self, name: str, seconds: float, press: Callable[[], None] | None = None) -> Figures:
        """`watch`; frames a second, gaps between them, and what a frame costs of processor time."""
        self.frames.clear()
        spent = cpu_seconds(self.terminal.pid)
        self.watch(seconds, press)
        spent = cpu_seconds(self.terminal.pid) - spent
        gaps = [(later - sooner) * 1000 for sooner, later in pairwise(self.frames)]
        return {
            f"{name}_fps": len(self.frames) / seconds,
            f"{name}_gap_p50_ms": percentile(gaps, 0.5),
            f"{name}_gap_p99_ms": percentile(gaps, 0.99),
            f"{name}_cpu_ms_a_frame": spent * 1000 / max(1, len(self.frames)),
        }

    def read(self, wait_s: float) -> bool:
        """Take what comes within the time; whether anything came."""
        if not select.select([self.terminal.master], [], [], max(0.0, wait_s))[0]:
            return False
        before = self.terminal.read()
        now = time.monotonic()
        for hours, minutes, rest, seconds in MOMENT.findall(self.terminal.written, max(0, before - 64)):
            moment = float(seconds) if seconds else int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(rest or 0)
            if not self.moments or self.moments[-1][1] != moment:
                self.moments.append((now, moment))
        while (at := self.terminal.written.find(FRAME_END, self._looked)) >= 0:
            self._looked = at + len(FRAME_END)
            self.frames.append(now)
        return True

    def until(self, shown: Callable[[bytearray], bool], what: str) -> float:
        """When that was written."""
        end = time.monotonic() + LIMIT_S
        while not shown(self.terminal.written):
            if time.monotonic() > end:
                raise RuntimeError(f"{what} was not shown: {bytes(self.terminal.written[-2000:])!r}")
            self.read(0.1)
        return time.monotonic()

    def settle(self) -> float:
        """Wait until it stands still; the milliseconds until the moment that is told changed for the last time."""
        begun = time.monotonic()
        quiet_since = begun
        while quiet_since + QUIET_S > time.monotonic() and time.monotonic() < begun + LIMIT_S:
            before = len(self.moments)
            self.read(0.05)
            if len(self.moments) > before:
                quiet_since = self.moments[-1][0]
        return (quiet_since - begun) * 1000

    def type(self, keys: str) -> None:
        self.terminal.type(keys)


def last_words(folder: Path) -> list[bytes]:
    """Words that a screen shows which has the run's end before it."""
    timeline = Timeline(folder)
    texts = [
        "".join(text for _, text in attempt.text.segments(attempt.text.tail(600)))[-600:]
        for attempt in timeline.last_state().attempts
    ]
    timeline.close()
    return [found[0].encode() for text in texts for found in WORDS.finditer(text)]


def opens(folder: Path, home: str, samples: int) -> Figures:
    """Milliseconds from the command on to the first picture of a new question (what the terminal alone costs), to the
    first bytes with the run's own words, and to the whole picture that takes keys; with a warm and a cold cache."""
    words = last_words(folder)
    found: dict[str, list[float]] = {}
    for _ in range(samples):
        _opened(found, "empty_frame_ms", None, [], home)
        for name, cold in (("", False), ("cold_", True)):
            if cold:
                forget(folder)
            _opened(found, f"{name}picture_ms", folder, words, home, settled=not cold)
    return {name: percentile(each, 0.5) for name, each in found.items()}


def _opened(
    found: dict[str, list[float]], name: str, folder: Path | None, words: list[bytes], home: str, settled: bool = False
) -> None:
    """One start: of the screen of a new question, or of a recorded run."""
    watched = Watched(folder, home)
    started = watched.terminal.started
    try:
        painted = watched.until(lambda written: FRAME_END in written, "a frame") - started
        if folder is not None:
            painted = watched.until(lambda written: any(word in written for word in words), "the run's end") - started
        found.setdefault(name, []).append(painted * 1000)
        if settled:
            whole = watched.until(lambda written: written.count(FRAME_END) > 1, "the screen's own picture") - started
            found.setdefault("settled_ms", []).append(whole * 1000)
            found.setdefault("settled_cpu_ms", []).append(cpu_seconds(watched.terminal.pid) * 1000)
    finally:
        watched.terminal.close()


def moves(folder: Path, home: str) -> Figures:
    """Frames a second and gaps between them while a key is held, and while it plays; memory behind it."""
    words = last_words(folder)
    watched = Watched(folder, home)
    try:
        watched.until(lambda written: any(word in written for word in words), "the end of the run")
        watched.until(lambda written: written.count(FRAME_END) > 1, "the screen's own picture")
        watched.settle()
        found: Figures = {}
        for name, key in (("back", LEFT), ("forward", RIGHT)):
            found |= watched.rated(name, HELD_S, lambda key=key: watched.type(key))
            found[f"{name}_settle_ms"] = watched.settle()
        watched.type(HOME + FASTER * FASTEST)
        watched.settle()
        watched.moments.clear()
        watched.type(PLAY)
        found |= watched.rated("play", PLAYED_S)
        found["play_speed"] = _speed(watched.moments[1:])
        status = Path(f"/proc/{watched.terminal.pid}/status").read_text()
        peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        weight = memory(watched.terminal.pid)
        return {**found, "peak_rss_mb": peak / 1024, "uss_mb": weight["uss"]}
    finally:
        watched.terminal.close()


def _speed(moments: list[tuple[float, float]]) -> float:
    """How fast the moment that is told went by: its seconds a second."""
    if len(moments) < 2:
        return float("nan")
    (sooner, first), (later, last) = moments[0], moments[-1]
    return (last - first) / (later - sooner)
