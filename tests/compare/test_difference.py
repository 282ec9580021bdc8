"""The difference of two runs: empty with itself, and the first thing that differs is named with its time."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from msgspec.structs import replace

from hive_tui import wire
from hive_tui.compare.runs import Change, Delta, Divergence, Moment, difference
from hive_tui.compare.words import Op, Piece
from hive_tui.council.quoting import block, nonce
from hive_tui.events import (
    AttemptEnded,
    AttemptOpened,
    AttemptStarted,
    Carried,
    Channel,
    Decision,
    Event,
    Message,
    Outcome,
    Params,
    Plan,
    Record,
    RunEnded,
    RunStarted,
    StageEnded,
    StageSpec,
    StageStarted,
    Usage,
    UsageReported,
    Verdict,
)
from hive_tui.events import Delta as Chunks
from hive_tui.state import Origin, RunState, fold_all
from tests.test_state import runs as records

MS = 1_000_000
WRITER = StageSpec("generator", "generator", "far", "m-one")
CURATOR = StageSpec("curator", "curator", "far", "m-two", inputs=("generator",))


def chunks(*texts: str) -> Chunks:
    data = [text.encode() for text in texts]
    return Chunks(Channel.ANSWER, b"".join(wire.CHUNK.pack(0, len(each)) for each in data), b"".join(data))


def run(
    id_: str = "01a",
    said: tuple[str, ...] = ("It ", "is ", "41."),
    verdict: Verdict = Verdict.ACCEPT,
    curator: StageSpec = CURATOR,
    cost: str | None = "0.5",
    curated: bool = True,
) -> RunState:
    """An event a millisecond."""
    facts: list[tuple[int, Event]] = [
        (0, RunStarted(id_, "Why?", Plan("pipeline", (WRITER, curator)), "default", True, 5)),  # 0 ms
        (0, StageStarted("generator")),
        (1, AttemptStarted("generator", "m-one", "far", messages=(Message("user", "Why?"),))),
        (1, AttemptOpened(200)),
        *((1, chunks(text)) for text in said),  # from 4 ms on
        (1, UsageReported(Usage(), cost_usd=cost)),
        (1, AttemptEnded(Outcome.FINISHED, "stop")),
        (0, StageEnded("generator", carried=Carried(1))),
    ]
    if curated:
        facts += [
            (0, StageStarted("curator")),
            (2, AttemptStarted("curator", curator.model, "far", params=curator.params)),
            (2, chunks("VERDICT: ACCEPT")),
            (2, AttemptEnded(Outcome.FINISHED, "stop")),
            (0, StageEnded("curator", verdict=verdict, carried=Carried(1))),
            (0, RunEnded(Outcome.FINISHED, Decision.UNANIMOUS, Carried(1))),
        ]
    return fold_all(Record(1, seq, (seq - 1) * MS, stream, event) for seq, (stream, event) in enumerate(facts, 1))


@given(records())
def test_a_run_does_not_differ_from_itself(history: list[Record]) -> None:
    state = fold_all(history)
    found = difference(state, state)
    assert found.same
    assert found.divergence is None
    assert found.configuration == ()
    assert all(stage.same for stage in found.stages)
    assert found.cost_usd.change in (None, 0)


@given(records(), records())
def test_it_is_the_same_seen_from_the_other_side(left: list[Record], right: list[Record]) -> None:
    a, b = fold_all(left), fold_all(right)
    there, back = difference(a, b), difference(b, a)
    assert there.same == back.same
    changes = {(change.path, repr(change.a), repr(change.b)) for change in there.configuration}
    assert changes == {(change.path, repr(change.b), repr(change.a)) for change in back.configuration}
    for pair in ("outcome", "decision"):
        assert getattr(there, pair) == getattr(back, pair)[::-1]
    for delta in ("cost_usd", "duration_ns"):
        one, other = getattr(there, delta), getattr(back, delta)
        assert (one.a, one.b) == (other.b, other.a)
    mirrored = {(stage.stage, stage.round): stage for stage in back.stages}
    for stage in there.stages:
        other = mirrored[stage.stage, stage.round]
        assert (stage.in_a, stage.in_b, stage.same) == (other.in_b, other.in_a, other.same)
        assert (stage.verdict, stage.outcome, stage.calls) == (
            other.verdict[::-1],
            other.outcome[::-1],
            other.calls[::-1],
        )
        assert turned(stage.text) == set(other.text)
    assert turned(there.answer) == set(back.answer)
    parts = back.divergence
    assert there.divergence == (None if parts is None else replace(parts, at=parts.at[::-1]))


def turned(pieces: tuple[Piece, ...]) -> set[Piece]:
    opposite = {Op.SAME: Op.SAME, Op.REMOVED: Op.ADDED, Op.ADDED: Op.REMOVED}
    return {Piece(opposite[piece.op], piece.text) for piece in pieces}


def test_an_id_is_no_difference() -> None:
    assert difference(run("01a"), run("01b")).same


def test_the_answers_are_compared_by_words() -> None:
    found = difference(run(), run(said=("It ", "is ", "42!")))
    assert found.answer == (Piece(Op.SAME, "It is "), Piece(Op.REMOVED, "41."), Piece(Op.ADDED, "42!"))
    assert [stage.same for stage in found.stages] == [False, True]


def test_the_first_divergence_is_the_chunk_that_differs() -> None:
    found = difference(run(), run(said=("It ", "i", "s 42.")))
    assert found.divergence == Divergence(
        "generator", 1, "answer", (Moment(6 * MS, 1, 3), Moment(6 * MS, 1, 3)), len("It is 4")
    )


def test_a_text_that_goes_on_differs_where_the_other_ends() -> None:
    found = difference(run(said=("It ",)), run())
    assert found.divergence == Divergence("generator", 1, "answer", (Moment(6 * MS), Moment(5 * MS, 1, 2)), len("It "))


def asked(state: RunState, *texts: str) -> RunState:
    first, *others = state.attempts
    messages = tuple(Message("user", text) for text in texts)
    return replace(state, attempts=(replace(first, messages=messages), *others))


def test_the_numbers_of_quotations_are_each_runs_own() -> None:
    def quotation(run_id: str, said: str) -> RunState:
        number = nonce(run_id, "refiner", [said])
        return asked(run(run_id), f"Marks that bear {number} are ours.", block("answer", number, said, by="generator"))

    assert difference(quotation("01a", "It is 41."), quotation("01b", "It is 41.")).same
    parts = difference(quotation("01a", "It is 41."), quotation("01b", "It is 42.")).divergence
    assert parts is not None
    assert parts.what == "messages"


def test_settings_are_compared_one_by_one() -> None:
    other = replace(CURATOR, model="m-three", params=Params(temperature=0.2))
    found = difference(run(), run(curator=other))
    assert found.configuration == (
        Change("stages.curator.model", "m-two", "m-three"),
        Change("stages.curator.params.temperature", None, 0.2),
    )
    assert found.divergence is not None
    assert (found.divergence.stage, found.divergence.what) == ("curator", "call")


def test_a_verdict_that_differs_is_told() -> None:
    found = difference(run(), run(verdict=Verdict.ABSTAIN))
    assert found.stages[1].verdict == ("ACCEPT", "ABSTAIN")
    assert found.divergence == Divergence("curator", 1, "verdict", (Moment(14 * MS), Moment(14 * MS)))


def test_a_stage_that_one_run_never_asked() -> None:
    found = difference(run(), run(curated=False))
    assert found.divergence == Divergence("curator", 1, "stage", (Moment(10 * MS), None))
    assert not found.same


def test_costs_and_times_are_subtracted_unless_unknown() -> None:
    found = difference(run(cost="0.5"), run(cost="0.75", said=("It ", "is ", "4", "1.")))
    assert found.stages[0].cost_usd.change == Decimal("0.25")
    assert found.duration_ns.change == MS
    assert found.same
    assert difference(run(cost=None), run()).stages[0].cost_usd == Delta(None, Decimal("0.5"))
    assert difference(run(cost=None), run()).stages[0].cost_usd.change is None


def test_what_a_fork_inherited_cost_its_parent() -> None:
    parent = run(cost="0.5")
    fork = replace(run(cost="0.5"), forked=Origin("01a", 8, streams=1))
    costs = difference(parent, fork).stages[0].cost_usd
    assert (costs.a, costs.b) == (Decimal("0.5"), Decimal(0))
