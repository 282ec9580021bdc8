"""asciicast v3 (https://docs.asciinema.org/manual/asciicast/v3/): a run's screen as a terminal session.

A frame writes the rows that changed, at most 30 times a second. While nothing comes the clocks on the screen go on
each second, for a minute at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from hive_tui.events import StageStarted
from hive_tui.export.jsontext import escaped
from hive_tui.export.moments import shown_with
from hive_tui.export.picture import Picture
from hive_tui.export.textless import without_text
from hive_tui.recording.navigation.markers import Marker
from hive_tui.recording.timeline import Timeline
from hive_tui.state import RunState, fold
from hive_tui.tui.colours import TRUECOLOR
from hive_tui.tui.facts import one_line
from hive_tui.tui.firstframe import painted
from hive_tui.tui.themes import DEFAULT, Look

SECOND = 1_000_000_000
FRAME = -(-SECOND // 30)
"""Nanoseconds between two frames, at least."""
TICKS = 60
"""Seconds of silence in which the clocks go on."""
TITLE = 120
"""Characters of the question in the title."""


def cast(
    timeline: Timeline,
    until: int,
    markers: Sequence[Marker],
    *,
    size: tuple[int, int],
    idle_ns: int | None,
    look: Look = DEFAULT,
) -> Iterator[bytes]:
    """The file, line by line; of a pause longer than `idle_ns` only that much is kept. The run's stages and markers
    are markers of the file.

    Raises:
        DamagedError: a block is damaged.
        hive_tui.wire.WireError: a sound block holds bytes that are no records.
    """
    last = timeline.state_at(until)
    mark = " (SIMULATED)" if last.simulated else ""
    question = one_line(last.question[:TITLE])
    header: dict[str, object] = {
        "version": 3,
        "term": {"cols": size[0], "rows": size[1], "type": "xterm-256color"},
    }
    if last.run:
        header |= {"timestamp": last.wall_ns // SECOND, "title": f"Hive{mark}: {question}"}
    yield _line(header)
    recorder = _Recorder(Picture(*size, look), idle_ns)
    state, shown_ns, changed_ns = RunState(), -FRAME, 0
    answer, dirty = "", False
    named: dict[int, list[str]] = {}
    for each in markers:
        named.setdefault(shown_with(each), []).append(one_line(each.name))
    for record in timeline.records(0):
        if record.seq > until:
            break
        due = max(shown_ns + FRAME, changed_ns)
        if dirty and record.time_ns > due:
            yield recorder.frame(state, due)
            shown_ns, dirty = due, False
        if state.run and idle_ns is None:
            for tick in range(shown_ns + SECOND, min(record.time_ns, shown_ns + TICKS * SECOND), SECOND):
                yield recorder.frame(state, tick)
                shown_ns = tick
        if not dirty:
            changed_ns, dirty = record.time_ns, True
        state = without_text(fold(state, record), record)
        if state.answer is not None and not answer:
            answer = timeline.state_at(record.seq).answer_text
        recorder.picture.take(state, record, answer)
        if isinstance(record.event, StageStarted):
            yield recorder.event("m", one_line(record.event.stage), record.time_ns)
        for name in named.get(record.seq, ()):
            yield recorder.event("m", name, record.time_ns)
    yield recorder.frame(state, max(shown_ns, state.time_ns))


class _Recorder:
    """Writes what changed since the last frame, and how long after the last line."""

    def __init__(self, picture: Picture, idle_ns: int | None) -> None:
        self.picture = picture
        self._idle_us = None if idle_ns is None else idle_ns // 1000
        self._on_screen: dict[tuple[int, int], object] = {}
        self._at_us = 0

    def frame(self, state: RunState, now_ns: int) -> bytes:
        fresh = self.picture.lines(state, now_ns)
        clear = "" if self._on_screen.keys() == fresh.keys() else "\x1b[0m\x1b[2J"
        if clear:
            clear = "\x1b[?25l" + clear
            self._on_screen = {}
        changed = [(*place, line) for place, line in fresh.items() if self._on_screen.get(place) != line]
        self._on_screen = dict(fresh)
        if not changed:
            return b""
        return self.event(
            "o", clear + painted(changed, self.picture.codes, self.picture.look.colours, TRUECOLOR) + "\x1b[0m", now_ns
        )

    def event(self, code: str, data: str, now_ns: int) -> bytes:
        at_us = max(self._at_us, now_ns // 1000)
        pause = at_us - self._at_us
        self._at_us = at_us
        return _line((min(pause, pause if self._idle_us is None else self._idle_us) / 1e6, code, data))


def _line(value: object) -> bytes:
    return escaped(msgspec.json.encode(value)) + b"\n"
