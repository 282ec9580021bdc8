"""The reducer: a pure fold, the same in any chunking, that no record of an unknown kind and no late record disturbs."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hive_tui import wire
from hive_tui.events import (
    AttemptEnded,
    AttemptOpened,
    AttemptStarted,
    CancelRequested,
    Carried,
    Channel,
    Delta,
    ErrorInfo,
    Event,
    Outcome,
    Plan,
    Record,
    RetryScheduled,
    RunEnded,
    RunStarted,
    StageEnded,
    StageSpec,
    StageStarted,
    Unknown,
    Usage,
    UsageReported,
    Verdict,
    Warned,
)
from hive_tui.state import RunState, fold, fold_all

STAGES = ("generator", "refiner")
PLAN = Plan("pipeline", tuple(StageSpec(name, name, "simulator", "sim/one") for name in STAGES))
START = RunStarted("01J", "why?", PLAN, "default", simulated=True, wall_ns=1)
TEXT = st.text(max_size=5)
STAGE = st.sampled_from([*STAGES, "nobody"])
ROUND = st.integers(1, 2)


def delta(text: str, channel: Channel = Channel.ANSWER) -> Delta:
    data = text.encode()
    return Delta(channel, wire.CHUNK.pack(1, len(data)), data)


RUN_EVENTS = st.one_of(
    st.just(START),
    st.builds(StageStarted, STAGE, ROUND),
    st.builds(StageEnded, STAGE, ROUND, st.sampled_from([None, *Verdict]), st.just(Carried(1, 0, 3))),
    st.builds(Warned, TEXT, TEXT),
    st.just(CancelRequested()),
    st.builds(RunEnded, st.sampled_from(Outcome), answer=st.builds(Carried, st.integers(0, 3))),
    st.builds(Unknown, st.integers(100, 200), st.binary(max_size=4)),
)
ATTEMPT_EVENTS = st.one_of(
    st.builds(AttemptStarted, STAGE, st.just("sim/one"), st.just("simulator"), ROUND),
    st.builds(AttemptOpened, st.sampled_from([200, 429])),
    st.builds(delta, TEXT, st.sampled_from(Channel)),
    st.builds(UsageReported, st.just(Usage(1, 2)), st.sampled_from([None, "0", "0.0125"])),
    st.just(RetryScheduled(10, ErrorInfo("connect", "refused"))),
    st.just(CancelRequested()),
    st.builds(AttemptEnded, st.sampled_from(Outcome)),
    st.builds(Unknown, st.integers(100, 200), st.binary(max_size=4)),
)


@st.composite
def runs(draw: st.DrawFn) -> list[Record]:
    """Records in sequence, likely and unlikely ones, the run's start mostly first."""
    facts = draw(st.lists(st.one_of(st.tuples(st.just(0), RUN_EVENTS), st.tuples(st.integers(1, 3), ATTEMPT_EVENTS))))
    first: list[tuple[int, Event]] = [(0, START), (1, AttemptStarted("generator", "sim/one", "simulator"))]
    facts = [*first[: draw(st.integers(0, 2))], *facts]
    return [Record(1, seq, seq * 1000, stream, event) for seq, (stream, event) in enumerate(facts, 1)]


def told(*facts: tuple[int, Event]) -> RunState:
    return fold_all(Record(1, seq, seq * 1000, stream, event) for seq, (stream, event) in enumerate(facts, 1))


@given(runs(), st.data())
def test_a_fold_in_any_chunking_gives_the_same_state(records: list[Record], data: st.DataObject) -> None:
    state, rest = RunState(), records
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        state = fold_all(wire.records(b"".join(map(wire.encode, rest[:size]))), state)
        rest = rest[size:]
    assert state == fold_all(records)


@given(runs())
def test_a_fold_leaves_every_earlier_state_as_it_was(records: list[Record]) -> None:
    states = [RunState()]
    for record in records:
        states.append(fold(states[-1], record))
    for length, state in enumerate(states):
        assert state == fold_all(records[:length])


@given(runs(), st.data())
def test_a_record_that_was_seen_changes_nothing(records: list[Record], data: st.DataObject) -> None:
    state = fold_all(records)
    if records:
        assert fold(state, data.draw(st.sampled_from(records))) is state


@given(runs())
def test_unknown_kinds_are_counted_and_otherwise_skipped(records: list[Record]) -> None:
    def without(state: RunState) -> RunState:
        return replace(state, unknown=0, missing=0, seq=0, time_ns=0)

    known = [record for record in records if not isinstance(record.event, Unknown)]
    assert without(fold_all(records)) == without(fold_all(known))


@given(runs())
def test_an_attempt_that_has_ended_does_not_change(records: list[Record]) -> None:
    state, ended = RunState(), {}
    for record in records:
        state = fold(state, record)
        for attempt in state.attempts:
            if attempt.outcome is not None:
                assert ended.setdefault(attempt.stream, attempt) == attempt


@given(runs())
def test_a_run_that_has_ended_does_not_change(records: list[Record]) -> None:
    state, final = RunState(), None
    for record in records:
        state = fold(state, record)
        bare = replace(state, seq=0, time_ns=0, missing=0)
        if final is None and state.outcome is not None:
            final = bare
        assert final is None or bare == final


@given(runs())
def test_text_is_exactly_the_concatenation_of_the_deltas(records: list[Record]) -> None:
    state, texts = RunState(), {}
    for record in records:
        attempt = state.attempt(record.stream)
        if isinstance(record.event, Delta) and attempt and attempt.outcome is None and state.outcome is None:
            key = record.stream, record.event.channel
            texts[key] = texts.get(key, "") + record.event.data.decode()
        state = fold(state, record)
    for attempt in state.attempts:
        for channel in Channel:
            assert attempt.text.channel_text(channel) == texts.get((attempt.stream, channel), "")


@given(runs(), st.data())
def test_a_gap_is_counted(records: list[Record], data: st.DataObject) -> None:
    kept = [record for record in records if data.draw(st.booleans())]
    state = fold_all(kept)
    assert state.missing == (kept[-1].seq - len(kept) if kept else 0)


def test_a_run_from_start_to_answer() -> None:
    state = told(
        (0, START),
        (0, StageStarted("generator")),
        (1, AttemptStarted("generator", "sim/one", "simulator")),
        (1, AttemptOpened(200, "HTTP/1.1")),
        (1, delta("let me think", Channel.REASONING)),
        (1, delta("forty-")),
        (1, delta("two")),
        (1, UsageReported(Usage(3, 2), "0.5", "provider")),
        (1, AttemptEnded(Outcome.FINISHED, "stop")),
        (0, StageEnded("generator", carried=Carried(1))),
        (0, RunEnded(Outcome.FINISHED, answer=Carried(1))),
    )
    assert state.answer_text == "forty-two"
    assert state.cost_usd == Decimal("0.5")
    assert state.attempts[0].phase == "finished"
    assert state.attempts[0].ttft_ns == 2000 - 1000
    stage = state.stage("generator")
    assert stage is not None
    assert (stage.streams, stage.started_ns, stage.ended_ns) == ((1,), 2000, 10_000)


@pytest.mark.parametrize(
    ("events", "phase"),
    [
        ([], "connecting"),
        ([AttemptOpened(200)], "waiting"),
        ([AttemptOpened(200), delta("hm", Channel.REASONING)], "reasoning"),
        ([AttemptOpened(200), delta("hm", Channel.REASONING), delta("so")], "streaming"),
        ([AttemptEnded(Outcome.TRUNCATED)], "truncated"),
    ],
)
def test_the_phase_of_an_attempt(events: list[Event], phase: str) -> None:
    first = AttemptStarted("generator", "sim/one", "simulator")
    assert told((0, START), (1, first), *((1, event) for event in events)).attempts[0].phase == phase


def test_a_cost_that_one_call_does_not_tell_makes_the_sum_unknown() -> None:
    calls = [(1, AttemptStarted("generator", "m", "e")), (1, AttemptOpened(200)), (1, UsageReported(Usage(), "0.1"))]
    assert told((0, START), *calls).cost_usd == Decimal("0.1")
    unknown = told((0, START), *calls, (2, AttemptStarted("refiner", "m", "e")), (2, AttemptOpened(200)))
    assert unknown.cost_usd is None
    assert unknown.known_cost_usd == Decimal("0.1")


def test_a_call_that_was_refused_costs_nothing() -> None:
    assert told((0, START), (1, AttemptStarted("generator", "m", "e")), (1, AttemptOpened(429))).cost_usd == 0


@pytest.mark.parametrize(
    ("outcome", "kind", "cost"),
    [
        (Outcome.TIMED_OUT, "timeout_first_token", None),
        (Outcome.CANCELLED, "", None),
        (Outcome.TIMED_OUT, "timeout_connect", Decimal(0)),
        (Outcome.ERRORED, "connect", Decimal(0)),
    ],
)
def test_what_a_call_costs_that_ended_before_its_headers(outcome: Outcome, kind: str, cost: Decimal | None) -> None:
    """One that was given up while the model was thinking may be billed; one that never got through is not."""
    ended = AttemptEnded(outcome, error=ErrorInfo(kind, "m") if kind else None)
    assert told((0, START), (1, AttemptStarted("generator", "m", "e")), (1, ended)).cost_usd == cost


def test_a_later_round_is_a_stage_of_its_own() -> None:
    state = told((0, START), (0, StageStarted("refiner")), (0, StageStarted("refiner", 2)))
    assert [(stage.spec.stage, stage.round) for stage in state.stages] == [
        ("generator", 1),
        ("refiner", 1),
        ("refiner", 2),
    ]


@pytest.mark.parametrize("text", ["", "free", "NaN", "Infinity", "0x1", "1e999999999", "1e-999999999", "1" * 10**5])
def test_a_cost_that_is_no_number_of_money_is_unknown(text: str) -> None:
    call = [(1, AttemptStarted("generator", "m", "e")), (1, AttemptOpened(200)), (1, UsageReported(Usage(), text))]
    assert told((0, START), *call).cost_usd is None
