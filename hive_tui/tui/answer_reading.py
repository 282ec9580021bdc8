"""Reads an answer out of a recording in slices of time: a long one would keep the screen from painting."""

from __future__ import annotations

from time import perf_counter

from hive_tui.events import Carried, Channel
from hive_tui.state import RunState

SLICE_S = 0.004
"""Seconds of reading between two turns of the event loop."""
SCREENFUL = 16_384
"""Bytes that are read in the first slice however long it takes, so that its text fills any window."""


class AnswerReading:
    """The answer of a state, or as much of it as has been read."""

    def __init__(self, state: RunState) -> None:
        self.of: tuple[str, Carried | None] = (state.run, state.answer)
        attempt = None if state.answer is None else state.attempt(state.answer.stream)
        self._pieces = iter(()) if attempt is None else attempt.text.pieces()
        self._read: list[bytes] = []
        self._size = 0
        # In UTF-8 a character takes four bytes at most.
        self._least = SCREENFUL + (0 if state.answer is None else 4 * state.answer.start)

    def go_on(self) -> str | None:
        """Read for a slice of time; the text once it is whole. Raises what reading a recording raises."""
        deadline = perf_counter() + SLICE_S
        for channel, piece in self._pieces:
            if channel == Channel.ANSWER:
                self._read.append(piece)
                self._size += len(piece)
            if self._size > self._least and perf_counter() > deadline:
                return None
        return self.so_far

    @property
    def so_far(self) -> str:
        """What was read of it."""
        carried = self.of[1]
        return "" if carried is None else b"".join(self._read).decode()[carried.start : carried.stop]
