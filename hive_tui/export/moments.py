"""The steps of a run for a page that plays them: lines of JSON, oldest first.

The first line says what the run is and where its stages, markers and errors are. Each step's line is

    [time in us, sequence, [[stream, channel, text], ...], [[pane, what its chrome says], ...], what is new of the run]

with what is empty at its end left out; the last line counts the steps. What a pane and the run say comes from the same
code as on the screen, so the page folds nothing. Text is harmless, but not escaped: JSON is.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from hive_tui.events import Delta, Record
from hive_tui.export.textless import without_text
from hive_tui.export.tree import tree
from hive_tui.recording.navigation.chapters import chapters, marks
from hive_tui.recording.navigation.markers import Marker
from hive_tui.recording.timeline import Timeline
from hive_tui.state import RunState, fold
from hive_tui.tui import facts
from hive_tui.tui.chrome import STATES, WORDS
from hive_tui.tui.live.visible import harmless
from hive_tui.tui.session import CoreStatus, Setup

MOST = 20_000
"""Steps; a longer run shows neighbouring events together."""
GAUGES_NS = 100_000_000
"""In such a run a pane's figures change no more often."""
PLACES = 200
"""Stages, markers and errors, at most, that one can jump to."""


def lines(timeline: Timeline, until: int, markers: Sequence[Marker], fault: str) -> Iterator[bytes]:
    """The lines up to the record with sequence `until`. `fault` is what is wrong with the recording; empty for nothing.

    Raises:
        DamagedError: a block is damaged.
        hive_tui.wire.WireError: a sound block holds bytes that are no records.
    """
    encode = msgspec.json.Encoder().encode
    last = timeline.state_at(until)
    step_ns = -(-last.time_ns // MOST) if until > MOST else 0
    yield encode(_head(timeline, last, markers, fault, step_ns)) + b"\n"
    steps = _Steps(timeline, last)
    first_ns = 0
    for record in timeline.records(0):
        if record.seq > until:
            break
        apart = not isinstance(record.event, Delta) and steps.count < 2 * MOST
        if steps.pending and (apart or record.time_ns - first_ns >= step_ns):
            yield encode(steps.taken(gauges=not step_ns)) + b"\n"
        if not steps.pending:
            first_ns = record.time_ns
        steps.take(record)
        if apart:
            yield encode(steps.taken(gauges=True)) + b"\n"
    if steps.pending:
        yield encode(steps.taken(gauges=True)) + b"\n"
    yield encode({"steps": steps.count}) + b"\n"


def _head(timeline: Timeline, last: RunState, markers: Sequence[Marker], fault: str, step_ns: int) -> dict[str, Any]:
    thinned = "A step is one event."
    if step_ns:
        thinned = (
            f"{last.seq:,} events; those that came within {facts.seconds(step_ns)} of each other are one step here, "
            f"and figures change {1_000_000_000 // GAUGES_NS} times a second. Nothing of the text is left out."
        )
    places, left_out = _places(timeline, last, markers)
    if left_out:
        thinned += f" {left_out:,} more places to jump to are left out."
    return {
        "question": harmless(last.question),
        "about": about(last),
        "end_us": last.time_ns // 1000,
        "events": last.seq,
        "whole": fault,
        "thinned": thinned,
        "stages": [
            {"stage": facts.one_line(spec.stage), "role": facts.one_line(spec.role)} for spec in last.plan.stages
        ],
        "places": places,
    }


def about(state: RunState) -> str:
    """What a run is, in a line."""
    when = datetime.datetime.fromtimestamp(state.wall_ns // 1_000_000_000, datetime.UTC)
    parts = (state.plan.name, state.profile, f"run {state.run}", f"{when:%Y-%m-%d %H:%M} UTC", f"Hive {state.version}")
    return " · ".join(filter(None, map(facts.one_line, parts)))


def _places(timeline: Timeline, last: RunState, markers: Sequence[Marker]) -> tuple[list[dict[str, Any]], int]:
    """What one can jump to, and how many were too many."""
    found: list[dict[str, Any]] = [{"kind": "stage", "name": each.name, "seq": each.seq} for each in chapters(timeline)]
    for marker in markers:
        seq, note = shown_with(marker), harmless(marker.note)
        found.append({"kind": "marker", "name": marker.name, "seq": seq, "note": note})
    for mark in marks(timeline):
        attempt = last.attempt(mark.stream)
        name = facts.one_line(attempt.stage) if attempt is not None else "the run"
        found.append({"kind": mark.kind, "name": name, "seq": mark.seq})
    found = [{**each, "name": facts.one_line(each["name"])} for each in found if each["seq"] <= last.seq]
    return found[:PLACES], max(0, len(found) - PLACES)


def shown_with(marker: Marker) -> int:
    """The event with which an export comes to it: a place inside an event is shown with all of it."""
    return max(1, marker.seq + (marker.chunks > 0))


class _Steps:
    """Folds records, and tells of several at once what has changed."""

    def __init__(self, timeline: Timeline, last: RunState) -> None:
        self._timeline = timeline
        self._plan = last.plan.stages
        self._state = RunState()
        self._said: dict[int, dict[str, Any]] = {}
        self._said_run: dict[str, Any] = {}
        self._said_ns = -GAUGES_NS
        self._texts: list[tuple[int, int, list[str]]] = []
        self._ends_in_cr: set[int] = set()
        self._changed: set[str] = set()
        self.pending = False
        self.count = 0

    def take(self, record: Record) -> None:
        event = record.event
        self._state = without_text(fold(self._state, record), record)
        self.pending = True
        attempt = self._state.attempt(record.stream)
        if attempt is not None:
            self._changed.add(attempt.stage)
        if not isinstance(event, Delta):
            self._changed.update(spec.stage for spec in self._plan)
        elif attempt is not None and attempt.outcome is None:
            text = self._harmless(record.stream, event.data.decode())
            if self._texts and self._texts[-1][:2] == (record.stream, int(event.channel)):
                self._texts[-1][2].append(text)
            elif text:
                self._texts.append((record.stream, int(event.channel), [text]))

    def _harmless(self, stream: int, text: str) -> str:
        """A carriage return waits for what follows: with a line feed it is a line's end, alone a control character."""
        if stream in self._ends_in_cr:
            text = "\r" + text
            self._ends_in_cr.discard(stream)
        if text.endswith("\r"):
            self._ends_in_cr.add(stream)
            text = text[:-1]
        return harmless(text)

    def taken(self, *, gauges: bool) -> list[Any]:
        """The step's line; without `gauges` a pane's figures may stay as they were."""
        state = self._state
        line: list[Any] = [state.time_ns // 1000, state.seq]
        line.append([[stream, channel, "".join(texts)] for stream, channel, texts in self._texts])
        due = gauges or state.time_ns - self._said_ns >= GAUGES_NS
        line.append(self._panes() if due else [])
        line.append(self._run() if due else None)
        if due:
            self._said_ns = state.time_ns
            self._changed.clear()
        self._texts = []
        self.pending = False
        self.count += 1
        while not line[-1]:
            line.pop()
        return line

    def _panes(self) -> list[list[Any]]:
        fresh: list[list[Any]] = []
        for index, spec in enumerate(self._plan):
            if spec.stage not in self._changed:
                continue
            said = self._pane(index)
            if self._said.get(index) != said:
                self._said[index] = said
                fresh.append([index, said])
        return fresh

    def _pane(self, index: int) -> dict[str, Any]:
        state, spec = self._state, self._plan[index]
        stage = state.stage(spec.stage)
        shown = facts.pane(
            index + 1, facts.one_line(spec.role), facts.one_line(spec.model), stage, state, state.time_ns, False
        )
        said: dict[str, Any] = {
            "state": WORDS.get(shown.state, shown.state),
            "style": STATES.get(shown.state, ("", ""))[1],
            "note": shown.note,
            "model": shown.model,
            "ttft": shown.ttft,
            "rate": shown.rate,
            "tokens": shown.tokens,
            "cost": shown.cost,
            "verdict": shown.verdict,
            "words": shown.words,
        }
        attempt = None if stage is None else facts.latest(state, stage)
        if stage is not None and attempt is not None:
            said["stream"] = attempt.stream
            said["begun"] = attempt.started_ns // 1000
            if attempt.ended_ns is not None:
                said["ended"] = attempt.ended_ns // 1000
            if len(stage.streams) > 1 or stage.round > 1:
                said["attempt"] = f"attempt {len(stage.streams)} of round {stage.round}"
        return {name: value for name, value in said.items() if value not in (None, "", ())}

    def _run(self) -> dict[str, Any]:
        """What is new of the run; the page has a clock of its own."""
        state = self._state
        status, style = facts.status(state, CoreStatus.ALIVE, state.time_ns)
        said: dict[str, Any] = {
            "status": status.removesuffix(f" · {facts.seconds(state.time_ns)}"),
            "style": style,
            "cost": facts.money(state.cost_usd),
            "decision": None if state.decision is None else state.decision.value,
            "unrecorded": "UNRECORDED" in facts.marks(state, Setup()),
            "warnings": [facts.one_line(each.message) for each in state.warnings],
        }
        if state.missing:
            said["warnings"].append(f"{state.missing:,} records lost")
        if state.answer is not None:
            for name in ("answer", "tree"):
                said[name] = self._said_run.get(name)
            if said["answer"] is None:
                text = harmless(self._timeline.state_at(state.seq).answer_text)
                said["answer"], said["tree"] = text, tree(text)
        fresh = {name: value for name, value in said.items() if self._said_run.get(name) != value}
        self._said_run = said
        return fresh
