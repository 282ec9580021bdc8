"""A council's run of any length, for `replay`: made anew by each bench, the same for the same checkout.

One chunk of 4 to 8 bytes an event. The words are the repository's own prose (README and docstrings, 200 kB): passages
of it are dealt to the streams in turn, so none comes twice within about 35,000 events, and no block can find a text of
its own in itself. Eight streams take turns as the simulator's eight paced characters would, with gamma gaps and a
stall now and then; chunks are as old when they are published as they are in a real run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hive_tui import wire
from hive_tui.events import (
    AttemptEnded,
    AttemptOpened,
    AttemptStarted,
    Carried,
    Decision,
    Event,
    Message,
    Outcome,
    Plan,
    Record,
    RunEnded,
    RunStarted,
    StageEnded,
    StageSpec,
    StageStarted,
    Usage,
    UsageReported,
    UsageSource,
)
from hive_tui.simulator import tokens
from hive_tui.simulator.characters import CHARACTERS

ROOT = Path(__file__).resolve().parents[2]
RUN = "01kreplaybench00000000000000"
QUESTION = "What is the repository that I stand in about? Say all of it."
WALL_NS = 1_700_000_000_000_000_000
SPEAKERS = [each for each in CHARACTERS if each.pace.rate]
STREAMS = len(SPEAKERS)
RATES = np.array([each.pace.rate / (sum(each.pace.burst) / 2) for each in SPEAKERS])
"""Chunks a second."""
SHAPE, STALL, AGE_US = 3.0, 0.0002, 160.0
PASSAGE = 64
"""Chunks of a stream that follow each other in the prose."""
PART = 65_536
"""Events that are made at a time."""
SMALLEST, LARGEST = 4, 8

_HEAD = np.dtype(
    [
        ("length", "<u4"), ("kind", "<u2"), ("flags", "<u2"), ("slot", "<u4"), ("stream", "<u4"), ("seq", "<u8"),
        ("time_ns", "<u8"), ("channel", "<u4"), ("chunks", "<u4"), ("age_us", "<u4"), ("size", "<u4"),
    ]
)  # fmt: skip


class Part(NamedTuple):
    """Neighbouring events."""

    records: list[bytes]
    times: list[int]
    """ns since the run began, of each."""
    synced: bool = False
    """A stage ends with the last of them."""


@cache
def prose() -> str:
    """The README without its code, then what docstrings say."""
    found = [re.sub(r"(?ms)^```.*?^```$", "", (ROOT / "README.md").read_text())]
    for path in sorted((ROOT / "hive_tui").rglob("*.py")):
        said = (node.value for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Expr))
        words = (node.value for node in said if isinstance(node, ast.Constant) and isinstance(node.value, str))
        found.extend(" ".join(text.split()) for text in words if isinstance(text, str))
    return "\n".join(dict.fromkeys(found))


@cache
def cut(text: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The text's bytes, and where each chunk begins and how long it is: whole tokens as long as they fit."""
    ends = set(np.cumsum([len(token.encode()) for token in tokens.split(text)]).tolist())
    data = text.encode()
    starts, at = [0], 0
    while at + LARGEST < len(data):
        fitting = [size for size in range(LARGEST, SMALLEST - 1, -1) if at + size in ends]
        size = fitting[0] if fitting else LARGEST
        while data[at + size] & 0xC0 == 0x80:
            size -= 1
        at += size
        starts.append(at)
    starts = starts[: (len(starts) - 1) // PASSAGE * PASSAGE + 1]
    places = np.array(starts, dtype=np.int64)
    return np.frombuffer(data, dtype=np.uint8), places[:-1], np.diff(places)


class Run:
    """Raises nothing; `parts` may be called once."""

    def __init__(self, events: int, seed: int = 0) -> None:
        self.events = events
        self.text_bytes = 0
        """Of what was made so far."""
        self._random = np.random.default_rng(seed)
        self._prose, self._places, self._sizes = cut(prose())
        self._spoken = np.zeros(STREAMS, dtype=np.int64)
        """Chunks that each stream has had."""
        self._passages = np.zeros(STREAMS, dtype=np.int64)
        """The passage that each stream is in."""
        self._dealt = 0
        self._seq = 0
        self._time_ns = 0

    def parts(self) -> Iterator[Part]:
        """All events, oldest first."""
        yield self._structural(self._opening())
        closing = self._closing()
        left = self.events - self._seq - sum(len(each) for each in closing)
        while left:
            yield self._deltas(min(left, PART))
            left -= min(left, PART)
        for events in closing:
            yield self._structural(events)._replace(synced=True)

    def _opening(self) -> list[tuple[int, Event]]:
        specs = tuple(
            StageSpec(stage=f"panellist-{at}", role="generator", endpoint="simulator", model=each.name)
            for at, each in enumerate(SPEAKERS, 1)
        )
        events: list[tuple[int, Event]] = [
            (0, RunStarted(RUN, QUESTION, Plan("panel", specs), "bench", simulated=True, wall_ns=WALL_NS))
        ]
        asked = (Message("system", "Role: generator"), Message("user", QUESTION))
        for stream, spec in enumerate(specs, 1):
            events.append((0, StageStarted(spec.stage)))
            events.append((stream, AttemptStarted(spec.stage, spec.model, spec.endpoint, messages=asked)))
        events += [(stream, AttemptOpened(200, "HTTP/1.1", reused=False)) for stream in range(1, STREAMS + 1)]
        return events

    def _closing(self) -> list[list[tuple[int, Event]]]:
        """By stage; the run ends with the last."""
        stages: list[list[tuple[int, Event]]] = []
        for stream in range(1, STREAMS + 1):
            usage = Usage(100, self.events // STREAMS, source=UsageSource.PROVIDER)
            stages.append(
                [
                    (stream, UsageReported(usage, "0.01", "provider")),
                    (stream, AttemptEnded(Outcome.FINISHED, "stop", "stop", simulated=True)),
                    (0, StageEnded(f"panellist-{stream}", carried=Carried(stream))),
                ]
            )
        stages[-1].append((0, RunEnded(Outcome.FINISHED, Decision.DIRECT, Carried(STREAMS))))
        return stages

    def _structural(self, events: list[tuple[int, Event]]) -> Part:
        records, times = [], []
        for stream, event in events:
            self._seq += 1
            self._time_ns += 50_000
            records.append(wire.encode(Record(1, self._seq, self._time_ns, stream, event)))
            times.append(self._time_ns)
        return Part(records, times)

    def _deltas(self, count: int) -> Part:
        random = self._random
        mean_ns = 1e9 / RATES.sum()
        gaps = random.gamma(SHAPE, mean_ns / SHAPE, count)
        stalled = random.random(count) < STALL
        gaps[stalled] += random.uniform(0.5e9, 2e9, int(stalled.sum()))
        times = self._time_ns + np.cumsum(gaps.astype(np.int64))
        streams = random.choice(STREAMS, count, p=RATES / RATES.sum())
        chunks = self._next_chunks(streams)
        sizes = self._sizes[chunks]

        heads = np.zeros(count, dtype=_HEAD)
        heads["length"] = 16 + sizes
        heads["kind"], heads["slot"], heads["chunks"] = wire.DELTA_KIND, 1, 1
        heads["stream"] = streams + 1
        heads["seq"] = self._seq + 1 + np.arange(count)
        heads["time_ns"] = times
        heads["age_us"] = np.minimum(random.lognormal(np.log(AGE_US), 0.25, count), 2_000)
        heads["size"] = sizes
        self._seq += count
        self._time_ns = int(times[-1])
        self.text_bytes += int(sizes.sum())

        ends = np.cumsum(_HEAD.itemsize + sizes)
        begins = ends - sizes - _HEAD.itemsize
        out = np.empty(int(ends[-1]), dtype=np.uint8)
        out[begins[:, None] + np.arange(_HEAD.itemsize)] = heads.view(np.uint8).reshape(count, -1)
        texts, places = begins + _HEAD.itemsize, self._places[chunks]
        for at in range(LARGEST):
            longer = sizes > at
            out[texts[longer] + at] = self._prose[places[longer] + at]
        data = out.tobytes()
        records = [data[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]
        return Part(records, times.tolist())

    def _next_chunks(self, streams: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Which chunk of the prose each event brings."""
        nth = np.empty(len(streams), dtype=np.int64)
        of_stream = [np.flatnonzero(streams == stream) for stream in range(STREAMS)]
        for stream, where in enumerate(of_stream):
            nth[where] = self._spoken[stream] + np.arange(len(where))
            self._spoken[stream] += len(where)
        begins = nth % PASSAGE == 0
        passages = np.where(begins, self._dealt + np.cumsum(begins) - 1, 0)
        self._dealt += int(begins.sum())
        for stream, where in enumerate(of_stream):
            known = np.concatenate(([self._passages[stream]], passages[where][begins[where]]))
            passages[where] = known[np.cumsum(begins[where])]
            self._passages[stream] = known[-1]
        return (passages * PASSAGE + nth % PASSAGE) % len(self._places)
