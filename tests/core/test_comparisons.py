"""The core's answers to what the screen asks of two runs, of calls and of rules."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from hive_tui import wire
from hive_tui.core import commands
from hive_tui.core.commands import Refused, Reply
from hive_tui.core.comparing import (
    TEXT_PAGE,
    AllCallsTold,
    CallsTold,
    CompareRuns,
    CompareTexts,
    ComparingCommand,
    Decided,
    RunsCompared,
    Suppose,
    TellAllCalls,
    TellCalls,
    TextsCompared,
)
from hive_tui.core.comparisons import Comparisons
from hive_tui.events import RunStarted
from hive_tui.kernels.choose import Kernels
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.writer import LogWriter
from hive_tui.wire import HEADER_SIZE

CORPUS = Path(__file__).parents[1] / "recordings" / "v1" / "01m82d1e7cmene0ec6xva36pn3"
OTHER = "01m82d1e7cmene0ec6xva36pn2"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(CORPUS, tmp_path / "runs" / CORPUS.name)
    return tmp_path / "runs"


def asked(root: Path, *questions: ComparingCommand) -> Sequence[Reply]:
    async def ask() -> list[Reply]:
        comparisons = Comparisons(root, Kernels(root.parent / "numba", root.parent / "rings"))
        found = []
        for question in questions:
            crossed = commands.decode_command(commands.encode_command(question, 1)[HEADER_SIZE:])
            assert crossed == question
            reply = await comparisons.answer(question)
            assert commands.decode_reply(commands.encode_reply(reply, 1)[HEADER_SIZE:]) == reply
            found.append(reply)
        return found

    return asyncio.run(ask())


def test_a_run_beside_itself(root: Path) -> None:
    run = CORPUS.name
    compared, text, late = asked(
        root,
        CompareRuns(run, run),
        CompareTexts(run, run, "generator"),
        CompareTexts(run, run, start=10**6),
    )
    assert isinstance(compared, RunsCompared)
    assert (compared.same, compared.parting, compared.settings) == (True, None, ())
    assert compared.lanes[0] == compared.lanes[1]
    assert [pair.stage for pair in compared.stages] == ["generator", "refiner", "validator", "curator"]
    assert isinstance(text, TextsCompared)
    assert [op for op, _ in text.pieces] == ["same"]
    assert text.stop == min(text.size, TEXT_PAGE) == len(text.pieces[0][1])
    assert isinstance(late, TextsCompared)
    assert late.pieces == ()


def test_without_another_named_it_is_the_run_before(root: Path) -> None:
    (alone,) = asked(root, CompareRuns(CORPUS.name))
    assert isinstance(alone, Refused)
    assert "no other run" in alone.error.message
    shutil.copytree(CORPUS, root / OTHER)
    (compared,) = asked(root, CompareRuns(CORPUS.name))
    assert isinstance(compared, RunsCompared)


def test_a_fork_is_compared_with_what_it_was_forked_from(root: Path) -> None:
    shutil.copytree(CORPUS, root / OTHER)
    with closing(Timeline(CORPUS)) as timeline:
        records = list(timeline.records(0))
    fork = "01m82d1e7cmene0ec6xva36pn1"
    begun = records[0].event
    assert isinstance(begun, RunStarted)
    records[0] = replace(records[0], event=replace(begun, run=fork, parent=CORPUS.name, parent_seq=records[-1].seq))
    log = LogWriter(root / fork, LogHeader(fork, 1), lambda job: job())
    for each in records:
        log.append(wire.encode(each), Span(1, each.seq, each.seq, each.time_ns, each.time_ns))
    log.finish()
    (compared,) = asked(root, CompareRuns(fork))
    assert isinstance(compared, RunsCompared)
    assert (compared.runs, compared.same) == ((fork, CORPUS.name), True)
    assert compared.cost_usd[0] == "0", "what it inherited was paid for in its parent"


def test_pages_are_of_what_was_compared_last(root: Path) -> None:
    (refused,) = asked(root, CompareTexts("a", "b"))
    assert isinstance(refused, Refused)


def test_calls_of_a_run_and_of_all(root: Path) -> None:
    whole, part, turned, nowhere, every = asked(
        root,
        TellCalls(CORPUS.name),
        TellCalls(CORPUS.name, "stage:refiner", "stage:refiner:end"),
        TellCalls(CORPUS.name, "end", "start"),
        TellCalls(CORPUS.name, "stage:nobody"),
        TellAllCalls(),
    )
    assert isinstance(whole, CallsTold)
    assert isinstance(part, CallsTold)
    assert [call.stage for call in part.found.calls] == ["refiner"]
    assert part.found.calls[0].chunks == whole.found.calls[1].chunks
    assert [type(each) for each in (turned, nowhere)] == [Refused] * 2
    assert isinstance(every, AllCallsTold)
    assert (every.runs, every.fresh, sum(group.calls for group in every.groups)) == (1, 1, len(whole.found.calls))


def test_rules_and_what_is_supposed(root: Path) -> None:
    plain, refused, left_out, wrong, early = asked(
        root,
        Suppose(CORPUS.name, rule="direct"),
        Suppose(CORPUS.name, refusing=("generator",)),
        Suppose(CORPUS.name, without=("curator",), weights=(("refiner", "3.5"),)),
        Suppose(CORPUS.name, weights=(("refiner", "1e9"),)),
        Suppose(CORPUS.name, at="stage:generator"),
    )
    assert isinstance(plain, Decided)
    own = next(rule for rule in plain.rules if rule.rule == plain.rule)
    assert (own.decision, own.changed) == (plain.decision, False)
    assert (len(plain.text), [stage.writer for stage in plain.stages]) == (
        min(plain.size, TEXT_PAGE),
        [True, False, False, False],
    )
    assert isinstance(refused, Decided)
    assert {rule.author for rule in refused.rules} == {None}
    assert isinstance(left_out, Decided)
    assert {rule.rule: rule.unfit for rule in left_out.rules}["curator"] == "no curator is heard"
    assert isinstance(wrong, Refused)
    assert isinstance(early, Decided)
    assert early.decision is None


def test_a_core_that_ends_waits_for_no_statistics(root: Path) -> None:
    comparisons = Comparisons(root, Kernels(root.parent / "numba", root.parent / "rings"))
    comparisons.stop()
    reply = comparisons.tell(TellAllCalls())
    assert isinstance(reply, Refused)
    assert reply.error.kind == "given_up"


def test_a_run_that_is_not_there(root: Path) -> None:
    questions = (CompareRuns("nobody", CORPUS.name), CompareRuns(CORPUS.name, "nobody"), TellCalls("x"), Suppose("x"))
    assert all(isinstance(reply, Refused) for reply in asked(root, *questions))
