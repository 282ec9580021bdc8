"""`hive diff A B`: what was set, sent and said differently in two runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from decimal import Decimal

from hive_tui.cli.document import encode_document
from hive_tui.cli.exits import DONE
from hive_tui.cli.parser import Parsed, UsageError
from hive_tui.cli.plaintext import one_line, write_text
from hive_tui.cli.recordings import opened, run_folder
from hive_tui.compare.runs import Delta, Difference, Divergence, StageDifference, difference
from hive_tui.compare.words import Op, Piece

_MARKS = {Op.SAME: ("", ""), Op.REMOVED: ("[-", "-]"), Op.ADDED: ("{+", "+}")}
"""As `git diff --word-diff` has them."""


def main(parsed: Parsed) -> int:
    """Raises UsageError; ConfigError for a run that is not there or cannot be read."""
    if len(parsed.words) != 2:
        raise UsageError("which two runs? hive diff A B; `hive runs` lists them")
    first, second = map(run_folder, parsed.words)
    with opened(first) as one, opened(second) as other:
        found = difference(one.last_state(), other.last_state())
    if parsed.has("--json"):
        sys.stdout.buffer.write(encode_document(diff_document(found)))
        return DONE
    for line in _lines(found):
        write_text(sys.stdout, line + "\n")
    return DONE


def diff_document(found: Difference) -> dict[str, object]:
    """The document of `--json`: of each pair the first run's value comes first; unknown is null."""
    return {
        "runs": found.runs,
        "same": found.same,
        "configuration": [{"path": each.path, "values": [each.a, each.b]} for each in found.configuration],
        "divergence": None if found.divergence is None else _divergence(found.divergence),
        "outcome": found.outcome,
        "decision": found.decision,
        "answer": _pieces(found.answer),
        "stages": [_stage(stage) for stage in found.stages],
        "cost_usd": _cost(found.cost_usd),
        "duration_ms": _ms(found.duration_ns),
    }


def _divergence(found: Divergence) -> dict[str, object]:
    return {
        "stage": found.stage,
        "round": found.round,
        "what": found.what,
        "offset": found.offset,
        "places": [None if at_ns is None else _place(at_ns) for at_ns in found.time_ns],
    }


def _place(time_ns: int) -> str:
    """The moment as `hive replay --until` takes it, to the nanosecond."""
    return f"{Decimal(time_ns) / 10**9:f}s"


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
    values = [None if cost is None else format(cost, "f") for cost in (delta.a, delta.b, delta.change)]
    return {"values": values[:2], "change": values[2]}


def _ms(delta: Delta) -> dict[str, object]:
    values = [None if ns is None else round(float(ns) / 1e6, 3) for ns in (delta.a, delta.b, delta.change)]
    return {"values": values[:2], "change": values[2]}


def _lines(found: Difference) -> Iterator[str]:
    yield f"- {found.runs[0]}"
    yield f"+ {found.runs[1]}"
    for change in found.configuration:
        yield f"{change.path}: {_said(change.a)} -> {_said(change.b)}"
    parts = found.divergence
    if parts is not None:
        where = f"{parts.stage}, round {parts.round}: {parts.what}"
        at = " and ".join("never" if ns is None else _place(ns) for ns in parts.time_ns)
        yield f"first divergence: {where} at {at}"
    for stage in found.stages:
        yield f"{stage.stage}: {_stage_words(stage)}"
    for name, pair in (("outcome", found.outcome), ("decision", found.decision)):
        if pair[0] != pair[1]:
            yield f"{name}: {_said(pair[0])} -> {_said(pair[1])}"
    yield f"cost: {_change(found.cost_usd, Decimal(1), ' USD', 12)}"
    yield f"time: {_change(found.duration_ns, Decimal(10**9), ' s', 3)}"
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
    return "none" if value is None else one_line(str(value))
