"""What the runs screen asks of the core: lists, marks, the trash. Part of `core.commands`."""

from __future__ import annotations

import msgspec

from hive_tui.recording.summary import Summary


class _Tagged(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    pass


class ListRuns(_Tagged, frozen=True):
    """A page of the recorded runs, the newest first."""

    text: str = ""
    """Words and conditions, as `history.filters` takes them."""
    first: int = 0
    """Number of the page's first row, from 0."""
    limit: int = 50
    tree: bool = False
    """Forks below what they were forked from."""
    thorough: bool = False
    """Look whether any run has changed, not only for new, live and deleted ones."""


class DeleteRun(_Tagged, frozen=True):
    """Move a run to the trash."""

    run: str


class RestoreRun(_Tagged, frozen=True):
    """Move the newest of that id back."""

    run: str


class MarkRun(_Tagged, frozen=True):
    """Keep a run from every limit and from being deleted, or no more."""

    run: str
    marked: bool


class RunRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A run as a list shows it."""

    summary: Summary
    parent: str = ""
    """The run that it was forked from; empty for one that is no fork."""
    orphan: bool = False
    """A fork whose parent is not there."""
    source: str = ""
    """The run of which it is a redacted copy; empty for one that is none."""
    depth: int = 0
    """In a tree: how many of its ancestors are there."""
    marked: bool = False
    live: bool = False
    size: int = 0
    """Bytes on the disk."""
    fault: str = ""
    """Why it cannot be read; empty when it can."""
    answer: str = ""
    """The beginning of its answer."""
    found: str = ""
    """A piece of the text with what was looked for between U+0002 and U+0003."""


class RunsPage(_Tagged, frozen=True):
    rows: tuple[RunRow, ...]
    first: int
    total: int
    """How many runs fit in all, as far as they are known."""
    behind: int = 0
    """Runs that are still to be looked at."""
    unread: int = 0
    """Runs whose texts cannot be searched yet."""
    problem: str = ""
    """Why none of this is kept for the next time; empty when it is."""


class Pruned(_Tagged, frozen=True):
    """Notice: what the limits of retention did."""

    moved: int = 0
    """Runs that went to the trash."""
    problem: str = ""
    """Why the limits could not be kept."""


RunCommand = ListRuns | DeleteRun | RestoreRun | MarkRun
