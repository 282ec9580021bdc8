"""A council that goes on from the end of any stage states what the whole one stated."""

from __future__ import annotations

import asyncio
from itertools import product

import pytest

from hive_tui.events import AttemptEnded, AttemptStarted, ErrorInfo, RunEnded, StageStarted
from hive_tui.models.call import CallError
from hive_tui.state import fold_all
from tests.council.conftest import Stage, Step, says

REPLIES = ("VERDICT: ACCEPT", "VERDICT: REVISE\n\nIt is {}.", "hm", "")
FAILED = CallError(ErrorInfo("connect", "refused"))
STAGE = Stage(asyncio.new_event_loop)


def scripts(texts: tuple[str, ...]) -> list[list[Step]]:
    return [says(text.format(at)) if text else [FAILED] for at, text in enumerate(texts)]


@pytest.mark.parametrize("replies", [("",), *product(("It is 0.",), *[REPLIES] * 3)])
def test_it_goes_on_as_if_it_had_never_stopped(replies: tuple[str, ...]) -> None:
    steps = scripts(replies)
    whole = STAGE.play(*steps)
    records = whole.journal.records
    for at, record in enumerate(records):
        if isinstance(record.event, StageStarted | RunEnded):
            done = sum(isinstance(each.event, StageStarted) for each in records[:at])
            resumed = STAGE.play(*steps[done:], recorded=records[:at])
            assert resumed.journal.records == records
            assert [call.messages for call in resumed.transport.calls] == [
                call.messages for call in whole.transport.calls[done:]
            ]


def test_a_stage_that_has_its_reply_is_ended_with_it() -> None:
    steps = scripts(("It is 0.", *REPLIES[:1] * 3))
    records = STAGE.play(*steps).journal.records
    for at, record in enumerate(records, 1):
        if isinstance(record.event, AttemptEnded):
            resumed = STAGE.play(*steps[record.stream :], recorded=records[:at])
            assert resumed.journal.records == records


def test_a_stage_whose_calls_had_failed_goes_on_with_the_next() -> None:
    steps = scripts(("", *REPLIES[:1] * 3))
    records = STAGE.play(*steps).journal.records
    at = next(at for at, record in enumerate(records, 1) if isinstance(record.event, AttemptEnded))
    resumed = STAGE.play(*scripts(("It is 0.", *REPLIES[:1] * 3)), recorded=records[:at]).journal.records
    added = [(each.stream, each.event) for each in resumed[at:] if isinstance(each.event, AttemptStarted)]
    stream, begun = added[0]
    assert (stream, begun.stage, begun.number, begun.reason) == (2, "generator", 2, "asked")
    assert not [each for each in resumed[at:] if each.event == StageStarted("generator")]
    assert fold_all(resumed).answer_text == "It is 0."
