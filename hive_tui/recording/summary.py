"""The summary of a finished run: what lists need, derived from the log and written once at its end."""

from __future__ import annotations

import os
import zlib
from math import isfinite
from pathlib import Path

import msgspec

from hive_tui.recording.files import content
from hive_tui.recording.folder import SUMMARY
from hive_tui.state import RunState

VERSION = 1
QUESTION_LENGTH = 500
"""Characters of the question that a list can show; the whole stands in the log."""


class Derived(msgspec.Struct, frozen=True):
    """A file of the run's folder that was made from the log, and can be made again."""

    name: str
    sha256: str
    """Of its bytes, in hexadecimal."""


class Summary(msgspec.Struct, frozen=True):
    run: str
    seq: int
    """The log's last sequence number; a longer log makes the summary stale."""
    wall_ns: int
    question: str
    plan: str
    profile: str
    simulated: bool
    outcome: str
    decision: str | None
    duration_ns: int
    cost_usd: str | None
    models: tuple[str, ...]
    chunks: int
    answer_size: int
    """Characters of the answer."""
    version: int = VERSION
    derived: tuple[Derived, ...] = ()
    """By their names; `recording.derived` adds them."""


class _Stored(msgspec.Struct, frozen=True):
    summary: msgspec.Raw
    crc32: int
    """zlib's CRC-32 of the summary's bytes as they stand in the file."""


def summarise(state: RunState) -> Summary:
    """The summary of a run as far as its state goes; an unfinished one has the outcome `unfinished`."""
    cost = state.cost_usd
    return Summary(
        run=state.run,
        seq=state.seq,
        wall_ns=state.wall_ns,
        question=state.question[:QUESTION_LENGTH],
        plan=state.plan.name,
        profile=state.profile,
        simulated=state.simulated,
        outcome="unfinished" if state.outcome is None else state.outcome.value,
        decision=None if state.decision is None else state.decision.value,
        duration_ns=state.time_ns if state.ended_ns is None else state.ended_ns,
        cost_usd=None if cost is None else format(cost, "f"),
        models=tuple(dict.fromkeys(attempt.model for attempt in state.attempts)),
        chunks=sum(attempt.text.chunks for attempt in state.attempts),
        answer_size=len(state.answer_text),
    )


def write_summary(folder: Path, summary: Summary) -> None:
    """Raises:
    OSError: the folder cannot be written.
    """
    data = msgspec.json.encode(summary)
    stored = msgspec.json.encode(_Stored(summary=msgspec.Raw(data), crc32=zlib.crc32(data)))
    fresh = folder / f".{SUMMARY}.{os.getpid()}"
    try:
        fresh.write_bytes(stored + b"\n")
        fresh.replace(folder / SUMMARY)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def read_summary(folder: Path) -> Summary | None:
    """The summary; `None` when there is none, or it cannot be read, is damaged or newer: the log is the truth then."""
    try:
        stored = msgspec.json.decode(content(folder / SUMMARY), type=_Stored)
        summary = msgspec.json.decode(stored.summary, type=Summary)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if zlib.crc32(bytes(stored.summary)) != stored.crc32 or summary.version != VERSION:
        return None
    return summary if summary.cost_usd is None or _is_amount(summary.cost_usd) else None


def _is_amount(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False
