"""`hive diff A B`: what was set, sent and said differently in two runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal

from hive_tui.cli.document import encode_document
from hive_tui.cli.exits import DONE
from hive_tui.cli.parser import Parsed, UsageError
from hive_tui.cli.plaintext import one_line, write_text
from hive_tui.cli.recordings import opened, run_folder
from hive_tui.compare.lanes import Lane, SideBySide, side_by_side
from hive_tui.compare.places import place_of, word_of
from hive_tui.compare.runs import Delta, Difference, Divergence, StageDifference, difference
from hive_tui.compare.words import Op, Piece
from hive_tui.kernels.plain import PlainBackend
from hive_tui.recording.held import held
from hive_tui.wording import amount, value_words

_MARKS = {Op.SAME: ("", ""), Op.REMOVED: ("[-", "-]"), Op.ADDED: ("{+", "+}")}
"""As `git diff --word-diff` has them."""
BINS = 240
"""Of the lanes, for the longer run."""
Places = Sequence[str | None]


def main(parsed: Parsed) -> int:
    """Raises UsageError; ConfigError for a run that is not there or cannot be read."""
    if len(parsed.words) != 2:
        raise UsageError("which two runs? hive diff A B; `hive runs` lists them")
    first, second = map(run_folder, parsed.words)
    with opened(first) as one, opened(second) as other:
        states = held(one, one.last_state()), held(other, other.last_state())
        found = difference(*states)
        moments = (None, None) if found.divergence is None else found.divergence.at
        places = [
            None if at is None else word_of(timeline, place_of(timeline, at))
            for timeline, at in zip((one, other), moments, strict=True)
        ]
        lanes = side_by_side(one, other, states, PlainBackend(), BINS, lambda: None) if parsed.has("--json") else None
    if lanes is not None:
        sys.stdout.buffer.write(encode_document(diff_document(found, places, lanes)))
        return DONE
    for line in _lines(found, places):
        write_text(sys.stdout, line + "\n")
    return DONE


def diff_document(found: Difference, places: Places, lanes: SideBySide) -> dict[str, object]:
    """The document of `--json`: of each pair the first run's value comes first; unknown is null.

    `places` are those of the first divergence, as `hive replay --until` and `hive fork --at` take them.
    """
    return {
        "runs": found.runs,
        "simulated": found.simulated,
        "same": found.same,
        "configuration": [{"path": each.path, "values": [each.a, each.b]} for each in found.configuration],
        "divergence": None if found.divergence is None else _divergence(found.divergence, places),
        "outcome": found.outcome,
        "decision": found.decision,
        "answer": _pieces(found.answer),
        "stages": [_stage(stage) for stage in found.stages],
        "cost_usd": _cost(found.cost_usd),
        "duration_ms": _ms(found.duration_ns),
        "lanes": {"bin_ms": lanes.bin_ns / 1e6, "runs": [[_lane(lane) for lane in each] for each in lanes.lanes]},
    }


def _lane(lane: Lane) -> dict[str, object]:
    return {
        "stage": lane.stage,
        "round": lane.round,
        "number": lane.number,
        "outcome": lane.outcome,
        "started_ms": _moment(lane.started_ns),
        "first_ms": _moment(lane.first_ns),
        "ended_ms": _moment(lane.ended_ns),
        "bytes": lane.bins,
    }


def _moment(ns: int | None) -> float | None:
    return None if ns is None else round(ns / 1e6, 3)


def _divergence(found: Divergence, places: Places) -> dict[str, object]:
    return {
        "stage": found.stage,
        "round": found.round,
        "what": found.what,
        "offset": found.offset,
        "places": places,
        "time_ms": [None if at is None else _moment(at.time_ns) for at in found.at],
    }


def _stage(stage: StageDifference) -> dict[str, object]:
    return {
        "stage": stage.stage,
        "round": stage.round,
        "planned": [stage.in_a, stage.in_b],
        "same": stage.same,
        "verdict": stage.verdict,
        "outcome": stage.outcome,
        "attempts": stage.calls,
        "text": _pieces(stage.text),
        "cost_usd": _cost(stage.cost_usd),
        "duration_ms": _ms(stage.duration_ns),
    }


def _pieces(pieces: tuple[Piece, ...]) -> list[list[str]]:
    return [[piece.op.value, piece.text] for piece in pieces]


def _cost(delta: Delta) -> dict[str, object]:
    values = [None if cost is None else amount(cost) for cost in (delta.a, delta.b, delta.change)]
    return {"values": values[:2], "change": values[2]}


def _ms(delta: Delta) -> dict[str, object]:
    values = [None if ns is None else round(float(ns) / 1e6, 3) for ns in (delta.a, delta.b, delta.change)]
    return {"values": values[:2], "change": values[2]}


def _lines(found: Difference, places: Places) -> Iterator[str]:
    for side, run, simulated in zip("-+", found.runs, found.simulated, strict=True):
        yield f"{side} {run}{' SIMULATED' if simulated else ''}"
    for change in found.configuration:
        yield f"{change.path}: {_said(change.a)} -> {_said(change.b)}"
    parts = found.divergence
    if parts is not None:
        where = f"{parts.stage}, round {parts.round}: {parts.what}"
        at = " and ".join(
            "never" if moment is None else f"{place} ({moment.time_ns / 1e9:.3f} s)"
            for moment, place in zip(parts.at, places, strict=True)
        )
        yield f"first divergence: {where} at {at}"
    for stage in found.stages:
        yield f"{stage.stage}: {_stage_words(stage)}"
    for name, pair in (("outcome", found.outcome), ("decision", found.decision)):
        if pair[0] != pair[1]:
            yield f"{name}: {_said(pair[0])} -> {_said(pair[1])}"
    yield f"cost: {_change(found.cost_usd, Decimal(1), ' USD', 12)}"
    yield f"time: {_change(found.duration_ns, Decimal(10**9), ' s', 3)}"
    if not found.answer:
        yield "neither has an answer"
        return
    yield "the answers are the same:" if all(piece.op is Op.SAME for piece in found.answer) else "answers:"
    yield "".join(before + piece.text + after for piece in found.answer for before, after in [_MARKS[piece.op]])


def _stage_words(stage: StageDifference) -> str:
    if not (stage.in_a and stage.in_b):
        return f"only in {'-' if stage.in_a else '+'}"
    words = ["the same" if stage.same else "differs"]
    if stage.verdict[0] != stage.verdict[1]:
        words.append(f"verdict {_said(stage.verdict[0])} -> {_said(stage.verdict[1])}")
    words.append(f"cost {_change(stage.cost_usd, Decimal(1), ' USD', 12)}")
    words.append(f"time {_change(stage.duration_ns, Decimal(10**9), ' s', 3)}")
    return ", ".join(words)


def _change(delta: Delta, unit: Decimal, name: str, places: int) -> str:
    """Both values and the change, in that unit, with so many decimals at most."""
    a, b = ("unknown" if value is None else f"{_short(value / unit, places)}{name}" for value in (delta.a, delta.b))
    if delta.change is None:
        return f"{a} -> {b}"
    sign = "+" if delta.change > 0 else ""
    return f"{a} -> {b} ({sign}{_short(delta.change / unit, places)}{name})"


def _short(value: Decimal, places: int) -> str:
    text = f"{value:.{places}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _said(value: object) -> str:
    return one_line(value_words(value))
