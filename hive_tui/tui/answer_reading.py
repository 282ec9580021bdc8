"""Reads an answer out of a recording in slices of time: a long one would keep the screen from painting."""

from __future__ import annotations

from time import perf_counter

from hive_tui.events import Carried, Channel
from hive_tui.state import RunState

SLICE_S = 0.004
"""Seconds of reading between two turns of the event loop."""


class AnswerReading:
    """The answer of a state, or as much of it as has been read."""

    def __init__(self, state: RunState) -> None:
        self.of: tuple[str, Carried | None] = (state.run, state.answer)
        attempt = None if state.answer is None else state.attempt(state.answer.stream)
        self._pieces = iter(()) if attempt is None else attempt.text.pieces()
        self._read: list[bytes] = []

    def go_on(self) -> str | None:
        """Read for a slice of time; the text once it is whole. Raises what reading a recording raises."""
        deadline = perf_counter() + SLICE_S
        for channel, piece in self._pieces:
            if channel == Channel.ANSWER:
                self._read.append(piece)
            if perf_counter() > deadline:
                return None
        carried = self.of[1]
        text = b"".join(self._read).decode()
        return "" if carried is None else text[carried.start : carried.stop]
