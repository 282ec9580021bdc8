"""Where a fork leaves its parent, at every event of every run of the corpus and of runs that were cut there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from msgspec.structs import replace

from hive_tui import wire
from hive_tui.config.request import EndpointSpec, RunRequest, StageSettings
from hive_tui.core.forks import Branch, ForkError, beginning, branch, copies, last_copied
from hive_tui.events import Channel, Params, RunStarted
from hive_tui.recording.navigation.walker import Place
from hive_tui.recording.timeline import Timeline
from hive_tui.state import fold_all
from hive_tui.wording import number_of
from tests.corpus import WHOLE as RUNS

SLOT = 7


@pytest.fixture(params=RUNS, ids=lambda path: path.name)
def timeline(request: pytest.FixtureRequest) -> Iterator[Timeline]:
    with closing(Timeline(request.param)) as made:
        yield made


def places(timeline: Timeline) -> list[int]:
    step = max(1, timeline.last_seq // 300)
    return [*range(0, timeline.last_seq, step), timeline.last_seq]


def test_nothing_is_under_way_where_a_fork_begins_and_no_more_is_lost_than_that(timeline: Timeline) -> None:
    for seq in places(timeline):
        last = last_copied(timeline, Place(seq))
        assert 1 <= last <= max(1, seq)
        state = timeline.state_at(last)
        live = [each for each in state.attempts if each.outcome is None]
        assert not live
        assert state.outcome is not None or not state.cancelling
        assert last_copied(timeline, Place(last)) == last, "a fork from there begins there"
        before = timeline.state_at(seq)
        ended = [each for each in before.attempts if each.outcome is not None]
        if not before.cancelling:
            assert len(state.attempts) == len(ended)


def test_copies_are_the_parents_records_but_for_the_slot(timeline: Timeline) -> None:
    records = list(timeline.records(0))
    for last in places(timeline)[:: max(1, len(places(timeline)) // 12)]:
        found = list(copies(timeline, last, SLOT))
        copied = [record for raw, _ in found for record in wire.records(raw)]
        assert copied == [replace(record, slot=SLOT) for record in records[1:last]]
        assert sum(span.records for _, span in found) == len(copied)
        assert [span.first_seq for _, span in found[1:]] == [span.last_seq + 1 for _, span in found[:-1]]


def test_a_fork_at_the_end_without_a_change_asks_nobody(timeline: Timeline) -> None:
    state = timeline.last_state()
    left = branch(timeline, Place(timeline.last_seq), state.question, state.plan)
    if state.outcome is not None:
        assert left.asked == ()
        assert left.state.seq == timeline.last_seq


def test_a_fork_at_the_end_with_another_tally_decides_again(timeline: Timeline) -> None:
    state = timeline.last_state()
    left = branch(timeline, Place(timeline.last_seq), state.question, replace(state.plan, tally="direct"))
    assert left.state.outcome is None
    if state.outcome is not None:
        assert left.asked == ()
        assert left.state.seq == timeline.last_seq - 1


def test_what_was_said_already_cannot_be_changed(timeline: Timeline) -> None:
    state = timeline.last_state()
    for stage in state.stages:
        other = replace(stage.spec, params=Params(temperature=0.123))
        stages = tuple(other if each.stage == other.stage else each for each in state.plan.stages)
        plan = replace(state.plan, stages=stages)
        if stage.ended_ns is not None:
            with pytest.raises(ForkError, match=rf"stage {other.stage} cannot be changed there"):
                branch(timeline, Place(timeline.last_seq), state.question, plan)
        left: Branch = branch(timeline, Place(0), state.question, plan)
        assert left.asked == plan.stages
        assert left.state.seq == 1
    if state.attempts and state.attempts[0].outcome is not None:
        with pytest.raises(ForkError, match="question"):
            branch(timeline, Place(timeline.last_seq), state.question + "?", state.plan)


def test_what_was_copied_is_told_as_inherited(timeline: Timeline) -> None:
    records = list(timeline.records(0))
    for last in places(timeline)[:: max(1, len(places(timeline)) // 12)]:
        if not last or not isinstance(records[0].event, RunStarted):
            continue
        began = replace(records[0], event=replace(records[0].event, run="fork", parent="parent", parent_seq=last))
        state = fold_all([began, *records[1:]])
        before = len(timeline.state_at(last).attempts)
        assert [state.is_inherited(each.stream) for each in state.attempts] == [
            each.stream <= before for each in state.attempts
        ]
        assert state.origin is not None
        assert (state.origin.parent, state.origin.seq) == ("parent", last)


def asked_again(timeline: Timeline, prefix: str) -> RunRequest:
    state = timeline.last_state()
    stages = {
        spec.stage: StageSettings(spec.endpoint, spec.model, spec.fallbacks, spec.params, spec.prompt)
        for spec in state.plan.stages
    }
    names = {spec.endpoint for spec in state.plan.stages}
    endpoints = tuple(EndpointSpec(name, "", "openrouter", prefix=prefix) for name in names)
    return RunRequest(state.question, state.plan.name, state.profile, stages, endpoints)


def test_a_call_that_is_cut_goes_on_from_its_answer_or_is_said_to_be_asked_anew(timeline: Timeline) -> None:
    for seq in places(timeline):
        state = timeline.state_at(seq)
        cut = [each for each in state.attempts if each.outcome is None]
        begun, note = beginning(state, asked_again(timeline, "message"), "")
        assert bool(note) == bool(cut)
        said = cut[0].text.channel_text(Channel.ANSWER).rstrip() if cut else ""
        if begun is None:
            assert not said
            with pytest.raises(ForkError, match="no answer is under way there"):
                beginning(state, asked_again(timeline, "message"), "prefix")
            continue
        assert (begun.stage, begun.text, begun.way) == (cut[0].stage, said, "message")
        count = number_of(len(said), "character")
        assert note == f"{begun.stage}: {cut[0].model} goes on from the {count} that had been said"
        unknown, why = beginning(state, asked_again(timeline, "none"), "")
        assert unknown is None
        assert "is not known to go on" in why
        wanted, _ = beginning(state, asked_again(timeline, "none"), "partial")
        assert wanted is not None
        assert wanted.way == "partial"
        assert beginning(state, asked_again(timeline, "message"), "none")[0] is None


def test_a_way_that_is_none_is_refused(timeline: Timeline) -> None:
    with pytest.raises(ForkError, match="no way to go on is called prefill"):
        beginning(timeline.last_state(), asked_again(timeline, "message"), "prefill")
