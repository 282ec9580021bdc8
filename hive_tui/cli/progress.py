"""What `hive ask` says on stderr: a line a stage, with counts that move on a terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TextIO

from hive_tui.cli.plaintext import one_line
from hive_tui.events import Outcome
from hive_tui.state import RunState, StageState
from hive_tui.wording import counted

REFRESH_NS = 100_000_000
"""On a terminal the live line changes ten times a second at most."""


def terminal_width(out: TextIO) -> int:
    """Columns of the terminal; 0 for what is none, or cannot write over a line."""
    if not out.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return 0
    return os.get_terminal_size(out.fileno()).columns or 80


class Progress:
    """Writes each stage's line when the stage ends; on a terminal also while it runs, over itself."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._said = 0
        self._drawn_ns = -REFRESH_NS

    def show(self, state: RunState) -> None:
        while self._said < len(state.stages) and _is_over(state, state.stages[self._said]):
            self.say(stage_line(state, state.stages[self._said]))
            self._said += 1
        if self._said < len(state.stages) and state.time_ns - self._drawn_ns >= REFRESH_NS:
            stage, width = state.stages[self._said], terminal_width(self._out)
            if width and stage.started_ns is not None:
                self._drawn_ns = state.time_ns
                # A line that wraps could not be written over.
                self._write("\r\x1b[K" + stage_line(state, stage)[: width - 1])

    def say(self, line: str) -> None:
        """A line that stays."""
        self._write(("\r\x1b[K" if terminal_width(self._out) else "") + line + "\n")

    def end(self, state: RunState) -> None:
        """Say how far the stages came that never ended."""
        for stage in state.stages[self._said :]:
            if stage.started_ns is not None:
                self.say(stage_line(state, stage, running=False))

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def _is_over(state: RunState, stage: StageState) -> bool:
    return stage.ended_ns is not None or state.outcome is not None


def stage_line(state: RunState, stage: StageState, *, running: bool = True) -> str:
    """Stage, model, how far it is or how it ended, what it counts, what it cost.

    `running` is false when nobody works on the run any more: what has no end then was cut off.
    """
    head = f"{stage.spec.stage:<10}"
    if stage.skipped:
        return f"{head} skipped: {one_line(stage.skipped)}"
    attempt = state.attempt(stage.streams[-1]) if stage.streams else None
    if attempt is None:
        return f"{head} not asked"
    phase = attempt.phase if running or attempt.outcome is not None else f"cut off while {attempt.phase}"
    parts = [head + " " + one_line(attempt.model), phase, counted(attempt)]
    if stage.verdict is not None:
        parts.append(stage.verdict.value)
    if attempt.ttft_ns is not None:
        parts.append(f"first text {attempt.ttft_ns / 1e9:.2f} s")
    if attempt.ended_ns is not None:
        parts.append(f"{(attempt.ended_ns - attempt.started_ns) / 1e9:.1f} s")
        if attempt.cost_usd is not None:
            parts.append(f"${attempt.cost_usd:f}")
        elif attempt.billable:  # A call that was refused costs nothing, which nobody needs to be told.
            parts.append("cost unknown")
    if len(stage.streams) > 1:
        parts.append(f"{len(stage.streams)} attempts")
    if attempt.error is not None:
        parts.append(one_line(attempt.error.message))
    return " · ".join(parts)


def closing_lines(state: RunState, folder: str, disk_error: str) -> Iterator[str]:
    """Warnings, what went wrong and what to do, and where the run is."""
    for warning in state.warnings:
        mark = "UNRECORDED" if warning.code == "unrecorded" else "warning"
        yield f"{mark}: {one_line(warning.message)}"
    if state.missing:
        yield f"warning: {state.missing} events could not be read back"
    if state.error is not None:
        yield f"no usable answer: {one_line(state.error.message)}"
        if state.error.advice:
            yield f"  {one_line(state.error.advice)}"
    if disk_error:
        yield f"the recording is not whole: {disk_error}"
    if state.outcome is Outcome.CANCELLED:
        yield f"cancelled; what came is kept in {folder}"
    elif state.outcome is not Outcome.FINISHED:
        yield f"what came is kept in {folder}; hive runs show {state.run}"
