"""What the catalogue keeps of a run, read from its folder: the summary where there is a sound one, else the log."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from hive_tui.events import Channel
from hive_tui.recording.folder import LOG, is_written
from hive_tui.recording.format import DamagedError
from hive_tui.recording.reader import LogCursor, fold_log
from hive_tui.recording.summary import Summary, read_summary, summarise
from hive_tui.recording.timeline import Timeline
from hive_tui.state import RunState
from hive_tui.wire import WireError

RUNNING, UNREADABLE = "running", "unreadable"
T = TypeVar("T")


class Read(msgspec.Struct, frozen=True):
    """A run, as its folder tells."""

    summary: Summary
    """Of one that cannot be read: nothing but its id and the outcome `unreadable`."""
    live: bool
    size: int
    """Bytes of the folder's files."""
    fault: str = ""
    """Why it cannot be read."""


def read_run(folder: Path) -> Read | None:
    """The run; `None` when no recording is there (any more)."""
    try:
        size = _size(folder)
        if not os.path.lexists(folder / LOG):
            return None
        summary = read_summary(folder)
        # Asked first: a run that ends meanwhile has a sound end by the time its log is read.
        live = is_written(folder)
        if summary is not None and not live:
            return Read(msgspec.structs.replace(summary, run=folder.name), live, size)
        (run, outcome, summary), torn = _of_last_state(
            folder, lambda state: (state.run, state.outcome, summarise(state))
        )
    except DamagedError as error:
        return Read(_unreadable(folder), live, size, str(error))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return Read(_unreadable(folder), False, 0, error.strerror or str(error))
    if not run:
        return Read(_unreadable(folder), live, size, f"no run can be read there, not even its beginning: {torn}")
    if live and outcome is None:
        summary = msgspec.structs.replace(summary, outcome=RUNNING)
    return Read(msgspec.structs.replace(summary, run=folder.name), live, size)


def _size(folder: Path) -> int:
    size = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # A block that is sealed at this moment leaves its open file.
                size += entry.stat(follow_symlinks=False).st_size
    return size


def _of_last_state(folder: Path, tell: Callable[[RunState], T]) -> tuple[T, str]:
    """What is told of the state as far as it can be read, and why no further, where that is all that is known.

    It is told while the log is open: the state's texts are read from there.

    Raises:
        DamagedError: the log's header is damaged or newer.
        FileNotFoundError: no log there.
    """
    try:
        with closing(Timeline(folder)) as timeline:
            state = timeline.last_state()
            if state.run:
                return tell(state), ""
    except (DamagedError, WireError):
        pass  # A block in the middle is damaged: what stands before it counts.
    state, torn = fold_log(folder)
    return tell(state), torn


class Texts(msgspec.Struct, frozen=True):
    """What only the log tells."""

    question: str = ""
    answer: str = ""
    """Where there is none, the last text that a model gave."""


def read_texts(folder: Path) -> Texts:
    """Nothing where nothing can be read: what is wrong, `read_run` says."""
    try:
        return _of_last_state(folder, _words)[0]
    except (DamagedError, WireError, OSError):
        return Texts()


def _words(state: RunState) -> Texts:
    answer = state.answer_text
    if not answer:
        texts = (attempt.text.channel_text(Channel.ANSWER) for attempt in reversed(state.attempts))
        answer = next(filter(None, texts), "")
    return Texts(state.question, answer)


def _unreadable(folder: Path) -> Summary:
    try:
        wall_ns = LogCursor(folder).header.wall_ns
    except (DamagedError, OSError):
        wall_ns = 0
    return Summary(
        run=folder.name,
        seq=0,
        wall_ns=wall_ns,
        question="",
        plan="",
        profile="",
        simulated=False,
        outcome=UNREADABLE,
        decision=None,
        duration_ns=0,
        cost_usd=None,
        models=(),
        chunks=0,
        answer_size=0,
    )
