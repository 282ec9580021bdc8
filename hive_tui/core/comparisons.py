"""Answers to what the screen asks of two runs, of calls and of rules. All is read from the recordings, in a thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from hive_tui.compare.lanes import Lane, side_by_side
from hive_tui.compare.places import place_of
from hive_tui.compare.runs import Delta, Difference, Divergence, Moment, StageDifference, difference
from hive_tui.compare.words import Piece
from hive_tui.core.commands import Refused, Reply
from hive_tui.core.comparing import (
    TEXT_PAGE,
    AllCallsTold,
    CallsTold,
    CompareRuns,
    CompareTexts,
    ComparingCommand,
    Decided,
    Heard,
    PairLane,
    Parting,
    RuleTold,
    RunPlace,
    RunsCompared,
    StagePair,
    Suppose,
    TellAllCalls,
    TellCalls,
    TextsCompared,
)
from hive_tui.council.plans import WRITER
from hive_tui.council.rules import RULES, RuleError, case, weight_of
from hive_tui.council.whatif import Supposed, suppose
from hive_tui.events import ErrorInfo
from hive_tui.kernels.choose import Kernels
from hive_tui.recording.folder import NoSuchRunError, find_run, run_ids
from hive_tui.recording.held import held
from hive_tui.recording.navigation.markers import MarkerError, read_markers
from hive_tui.recording.navigation.places import PlaceError, parse, resolve
from hive_tui.recording.navigation.walker import Place, Walker
from hive_tui.recording.timeline import Timeline
from hive_tui.state import RunState
from hive_tui.wording import value_words

REST_S = 0.0005
BINS = 240
"""Of the longer run's lanes, at most."""
SETTINGS = 200
"""Of what was set differently so much is told, at most."""
SETTING = 200
"""Characters of a value."""


class _StoppedError(Exception):
    """The core ends."""


class Comparisons:
    def __init__(self, runs: Path, kernels: Kernels) -> None:
        self._runs = runs
        self._kernels = kernels
        self._one = asyncio.Lock()
        self._stopped = threading.Event()
        self._compared: Difference | None = None
        """What was compared last: its texts are asked for in pages."""

    def stop(self) -> None:
        """Nobody waits for answers any more: the core ends."""
        self._stopped.set()

    async def answer(self, asked: ComparingCommand) -> Reply:
        """One after the other: none of them is asked for many times a second."""
        async with self._one:
            return await asyncio.to_thread(self.tell, asked)

    def tell(self, asked: ComparingCommand) -> Reply:
        """Blocks; for a thread."""
        try:
            match asked:
                case CompareRuns():
                    return self._compare(asked)
                case CompareTexts():
                    return self._texts(asked)
                case TellCalls():
                    return self._calls(asked)
                case TellAllCalls():
                    return self._all_calls()
                case Suppose():
                    return self._suppose(asked)
        except _StoppedError:
            return Refused(ErrorInfo(kind="given_up", message="the core ends"))
        except PlaceError as error:
            return Refused(ErrorInfo(kind="place", message=f"{error.where}: {error.what}", advice=error.todo))
        except (NoSuchRunError, RuleError, MarkerError, OSError, ValueError) as error:
            return Refused(ErrorInfo(kind="recording", message=str(error)))

    # Two runs

    def _compare(self, asked: CompareRuns) -> Reply:
        first = find_run(self._runs, asked.run)
        second = find_run(self._runs, asked.other) if asked.other else self._beside(first)
        with ExitStack() as opened:
            one, other = (opened.enter_context(closing(Timeline(folder))) for folder in (first, second))
            states = held(one, one.last_state()), held(other, other.last_state())
            found = self._compared = difference(*states)
            lanes = side_by_side(one, other, states, self._kernels, BINS, self._breathe)
            parting = None if found.divergence is None else _parting(found.divergence, one, other)
        return RunsCompared(
            runs=found.runs,
            questions=(_line(states[0].question), _line(states[1].question)),
            simulated=found.simulated,
            same=found.same,
            settings=tuple((each.path, _line(each.a), _line(each.b)) for each in found.configuration[:SETTINGS]),
            stages=tuple(map(_stage, found.stages)),
            outcome=found.outcome,
            decision=found.decision,
            cost_usd=_costs(found.cost_usd),
            duration_ns=_times(found.duration_ns),
            parting=parting,
            bin_ns=lanes.bin_ns,
            lanes=(tuple(map(_lane, lanes.lanes[0])), tuple(map(_lane, lanes.lanes[1]))),
        )

    def _beside(self, folder: Path) -> Path:
        """The run that this one was forked from; else the one that was recorded before it, or after it, for the first
        of all."""
        ids, run = run_ids(self._runs), folder.name
        with closing(Timeline(folder)) as timeline:
            origin = timeline.state_at(1).origin
        if origin is not None and origin.parent in ids:
            return self._runs / origin.parent
        before = [each for each in ids if each < run][:1] or [each for each in ids if each > run][-1:]
        if not before:
            raise NoSuchRunError("there is no other run to compare this one with")
        return self._runs / before[0]

    def _texts(self, asked: CompareTexts) -> Reply:
        found = self._compared
        if found is None or found.runs != (asked.run, asked.other):
            return Refused(ErrorInfo(kind="command", message="other runs have been compared meanwhile"))
        pieces = found.answer
        if asked.stage:
            pieces = next(
                (each.text for each in found.stages if (each.stage, each.round) == (asked.stage, asked.round)), ()
            )
        told = tuple(_page(pieces, asked.start, TEXT_PAGE))
        size = sum(len(piece.text) for piece in pieces)
        return TextsCompared(told, min(size, asked.start + TEXT_PAGE), size)

    # Calls

    def _calls(self, asked: TellCalls) -> Reply:
        from hive_tui.statistics.calls import statistics

        with self._opened(asked.run) as timeline:
            start, stop = (self._place(timeline, asked.run, words) for words in (asked.begin, asked.end))
            if stop < start:
                raise PlaceError(f"lies before {asked.begin}", asked.end)
            walker = Walker(timeline)
            before = walker.go(start)
            return CallsTold(statistics(held(timeline, walker.go(stop), before), before))

    def _all_calls(self) -> Reply:
        from hive_tui.statistics.folders import across
        from hive_tui.statistics.groups import Wanted
        from hive_tui.statistics.table import TableError

        try:
            found = across(self._runs, Wanted(), lambda _done, _all: self._breathe())
        except TableError as error:
            return Refused(ErrorInfo(kind="recording", message=str(error)))
        return AllCallsTold(found.groups, found.runs, found.fresh, found.live, len(found.unread))

    # Rules

    def _suppose(self, asked: Suppose) -> Reply:
        with self._opened(asked.run) as timeline:
            state = held(timeline, Walker(timeline).go(self._place(timeline, asked.run, asked.at)))
            weights = {stage: weight_of(number) for stage, number in asked.weights}
            heard = case(state, frozenset(asked.without), weights, frozenset(asked.refusing))
            found = suppose(state, heard, RULES)
        text = next((each.text or "" for each in found if each.rule == asked.rule), "")
        return Decided(
            run=state.run,
            simulated=state.simulated,
            decision=None if state.decision is None else state.decision.value,
            rule=state.plan.tally,
            stages=tuple(_heard(state)),
            rules=tuple(map(_rule, found)),
            text=text[asked.start : asked.start + TEXT_PAGE],
            size=len(text),
        )

    # Inside

    def _breathe(self) -> None:
        """Let a live run go on."""
        if self._stopped.is_set():
            raise _StoppedError
        time.sleep(REST_S)

    @contextmanager
    def _opened(self, run: str) -> Iterator[Timeline]:
        with closing(Timeline(find_run(self._runs, run))) as timeline:
            yield timeline

    def _place(self, timeline: Timeline, run: str, words: str) -> Place:
        where = parse(words)
        markers = read_markers(find_run(self._runs, run), timeline.blocks.header.run) if where.kind == "marker" else ()
        return resolve(where, timeline, {each.name: each.place for each in markers})


def _line(value: object) -> str:
    text = " ".join(value_words(value).split())
    return text if len(text) <= SETTING else text[: SETTING - 1] + "…"


def _costs(delta: Delta) -> tuple[str | None, str | None]:
    a, b = (None if cost is None else format(cost, "f") for cost in (delta.a, delta.b))
    return a, b


def _times(delta: Delta) -> tuple[int | None, int | None]:
    return None if delta.a is None else int(delta.a), None if delta.b is None else int(delta.b)


def _stage(stage: StageDifference) -> StagePair:
    return StagePair(
        stage=stage.stage,
        round=stage.round,
        planned=(stage.in_a, stage.in_b),
        same=stage.same,
        verdict=stage.verdict,
        outcome=stage.outcome,
        cost_usd=_costs(stage.cost_usd),
        duration_ns=_times(stage.duration_ns),
    )


def _lane(lane: Lane) -> PairLane:
    return PairLane(
        lane.stage, lane.round, lane.number, lane.started_ns, lane.first_ns, lane.ended_ns, lane.outcome, lane.bins
    )


def _parting(parts: Divergence, one: Timeline, other: Timeline) -> Parting:
    def at(timeline: Timeline, moment: Moment | None) -> RunPlace | None:
        if moment is None:
            return None
        place = place_of(timeline, moment)
        return RunPlace(place.seq, place.chunks, moment.time_ns)

    return Parting(parts.stage, parts.round, parts.what, (at(one, parts.at[0]), at(other, parts.at[1])))


def _page(pieces: Iterable[Piece], start: int, length: int) -> Iterator[tuple[str, str]]:
    at = 0
    for piece in pieces:
        shown = piece.text[max(0, start - at) : max(0, start + length - at)]
        if shown:
            yield piece.op.value, shown
        at += len(piece.text)
        if at >= start + length:
            return


def _heard(state: RunState) -> Iterator[Heard]:
    for spec in state.plan.stages:
        stage = state.stage(spec.stage)
        verdict = None if stage is None or stage.verdict is None else stage.verdict.value
        attempt = state.attempt(stage.streams[-1]) if stage is not None and stage.streams else None
        model = spec.model if attempt is None else attempt.model
        yield Heard(spec.stage, spec.role, model, verdict, spec.role == WRITER)


def _rule(found: Supposed) -> RuleTold:
    rule = RULES[found.rule]
    return RuleTold(
        rule=found.rule,
        words=rule.words,
        weighs=rule.weighs,
        unfit=found.unfit,
        decision=None if found.decision is None else found.decision.value,
        author=found.author,
        votes=tuple((author, format(vote, "f")) for author, vote in found.votes.items()),
        changed=found.changed,
    )
