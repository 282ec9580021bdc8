"""What the screen asks of two runs, of what calls took, and of other rules; and what it is told.

Costs are decimal numbers as text, times are nanoseconds; unknown is `None`. Texts come in pages.
"""

from __future__ import annotations

import msgspec

from hive_tui.core.tagged import Tagged
from hive_tui.statistics.calls import RunStatistics
from hive_tui.statistics.groups import Group

TEXT_PAGE = 8192
"""Characters of a text, at most, that one reply brings."""


class CompareRuns(Tagged, frozen=True):
    run: str
    other: str = ""
    """By whatever name a person has for it; empty is the run that it was forked from, or else the one before it."""


class CompareTexts(Tagged, frozen=True):
    """A page of the word diff of a stage's last answers, or of the runs' answers. The runs are those compared last."""

    run: str
    other: str
    stage: str = ""
    """Empty is the runs' answer."""
    round: int = 1
    start: int = 0
    """Characters of the diff to leave out."""


class TellCalls(Tagged, frozen=True):
    """What the calls of a run took between two places, as `recording.places` names them."""

    run: str
    begin: str = "start"
    end: str = "end"


class TellAllCalls(Tagged, frozen=True):
    """What the calls of all runs took."""


class Suppose(Tagged, frozen=True):
    """Decide a run again as it was at a place; nothing is sent."""

    run: str
    at: str = "end"
    without: tuple[str, ...] = ()
    refusing: tuple[str, ...] = ()
    weights: tuple[tuple[str, str], ...] = ()
    """By stage, a decimal number as text."""
    rule: str = ""
    """Whose answer to tell a page of; empty tells none."""
    start: int = 0


ComparingCommand = CompareRuns | CompareTexts | TellCalls | TellAllCalls | Suppose


class PairLane(msgspec.Struct, frozen=True, array_like=True):
    """A call on the scale that both runs share."""

    stage: str
    round: int
    number: int
    started_ns: int
    first_ns: int | None
    ended_ns: int | None
    outcome: str | None
    bins: tuple[int, ...]


class StagePair(msgspec.Struct, frozen=True):
    """A stage of both runs; of each pair the first run's value comes first."""

    stage: str
    round: int
    planned: tuple[bool, bool]
    same: bool
    verdict: tuple[str | None, str | None]
    outcome: tuple[str | None, str | None]
    cost_usd: tuple[str | None, str | None]
    duration_ns: tuple[int | None, int | None]


class RunPlace(msgspec.Struct, frozen=True, array_like=True):
    """As `walker.Place`, with its time."""

    seq: int
    chunks: int
    time_ns: int


class Parting(msgspec.Struct, frozen=True):
    """Where the runs part; no place in one that has not got so far."""

    stage: str
    round: int
    what: str
    at: tuple[RunPlace | None, RunPlace | None]


class RunsCompared(Tagged, frozen=True):
    runs: tuple[str, str]
    questions: tuple[str, str]
    simulated: tuple[bool, bool]
    same: bool
    settings: tuple[tuple[str, str, str], ...]
    """(path, value in the first, in the second) of what was set differently, one line each."""
    stages: tuple[StagePair, ...]
    outcome: tuple[str | None, str | None]
    decision: tuple[str | None, str | None]
    cost_usd: tuple[str | None, str | None]
    duration_ns: tuple[int | None, int | None]
    parting: Parting | None
    bin_ns: int
    lanes: tuple[tuple[PairLane, ...], tuple[PairLane, ...]]


class TextsCompared(Tagged, frozen=True):
    pieces: tuple[tuple[str, str], ...]
    """(`same`, `removed` or `added`, text)."""
    stop: int
    """Characters of the diff up to the page's end."""
    size: int
    """Characters of the whole diff."""


class CallsTold(Tagged, frozen=True):
    found: RunStatistics


class AllCallsTold(Tagged, frozen=True):
    groups: tuple[Group, ...]
    runs: int
    fresh: int
    """Of them, runs that had not been read before."""
    live: int
    unread: int


class Heard(msgspec.Struct, frozen=True):
    """A stage of the run that is decided again, as it was recorded."""

    stage: str
    role: str
    model: str
    verdict: str | None
    writer: bool
    """Wrote what the others judge: it can refuse, but not be left out."""


class RuleTold(msgspec.Struct, frozen=True):
    rule: str
    words: str
    weighs: bool
    unfit: str
    decision: str | None
    author: str | None
    votes: tuple[tuple[str, str], ...]
    changed: bool


class Decided(Tagged, frozen=True):
    run: str
    simulated: bool
    decision: str | None
    """As it was recorded by then."""
    rule: str
    """By which the plan decides."""
    stages: tuple[Heard, ...]
    rules: tuple[RuleTold, ...]
    text: str = ""
    """The page of an answer that was asked for."""
    size: int = 0
    """Characters of that answer."""


ComparingReply = RunsCompared | TextsCompared | CallsTold | AllCallsTold | Decided
