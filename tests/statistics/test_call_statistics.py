"""Statistics of calls: gaps by nearest rank, parts of a run, and unknown stays unknown."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from hive_tui import wire
from hive_tui.events import (
    AttemptEnded,
    AttemptOpened,
    AttemptStarted,
    Channel,
    Delta,
    ErrorInfo,
    Event,
    Outcome,
    Plan,
    Record,
    RetryScheduled,
    RunStarted,
    StageSpec,
    StageStarted,
    Usage,
    UsageReported,
)
from hive_tui.recording.navigation.walker import _first_chunks
from hive_tui.state import RunState, fold_all
from hive_tui.statistics.calls import STALL_NS, Gaps, gaps_of, statistics
from hive_tui.statistics.rows import rows_of
from tests.test_state import runs as records

MS = 1_000_000
PLAN = Plan("single", (StageSpec("generator", "generator", "far", "m-one"),))
REFUSED = ErrorInfo("rate_limit", "slow down", 429)


def chunk(text: str) -> Delta:
    return Delta(Channel.ANSWER, wire.CHUNK.pack(0, len(text)), text.encode())


def begun(number: int, reason: str) -> AttemptStarted:
    return AttemptStarted("generator", "m-one", "far", number=number, reason=reason)


FACTS: list[tuple[int, int, Event]] = [
    (0, 0, RunStarted("01a", "Why?", PLAN, "default", True, 5)),
    (0, 0, StageStarted("generator")),
    (10, 1, begun(1, "first")),
    (30, 1, AttemptOpened(429)),
    (31, 1, RetryScheduled(200, REFUSED)),
    (31, 1, AttemptEnded(Outcome.ERRORED, error=REFUSED)),
    (231, 2, begun(2, "retry")),
    (251, 2, AttemptOpened(200)),
    (331, 2, chunk("four")),
    (341, 2, chunk("a")),
    (351, 2, chunk("b")),
    (3351, 2, chunk("c")),
    (3352, 2, UsageReported(Usage(completion_tokens=302), cost_usd="0.25")),
    (3353, 2, AttemptEnded(Outcome.FINISHED, "stop")),
]


def state() -> RunState:
    return fold_all(Record(1, seq, ms * MS, stream, event) for seq, (ms, stream, event) in enumerate(FACTS, 1))


def test_what_a_call_took() -> None:
    found = statistics(state())
    refused, answered = found.calls
    assert (refused.connect_ns, refused.first_token_ns, refused.retry_wait_ms) == (20 * MS, None, 200)
    assert (refused.gaps, refused.tokens_per_s, refused.cost_usd) == (None, None, Decimal(0))
    assert (answered.connect_ns, answered.first_token_ns) == (20 * MS, 100 * MS)
    assert (answered.chunks, answered.size, answered.streaming_ns) == (4, 7, 3020 * MS)
    assert answered.gaps == Gaps(3, 10 * MS, 3000 * MS, 3000 * MS, 3000 * MS, stalls=1)
    assert answered.tokens_per_s == 100.0
    assert (found.retries, found.cost_usd) == (1, Decimal("0.25"))


def upto(events: int) -> RunState:
    return fold_all(Record(1, seq, ms * MS, stream, event) for seq, (ms, stream, event) in enumerate(FACTS[:events], 1))


def test_of_a_stretch_only_what_lies_in_it_is_known() -> None:
    found = statistics(upto(11), upto(9))
    (call,) = found.calls
    assert (found.from_ns, found.to_ns) == (331 * MS, 351 * MS)
    assert (call.chunks, call.size, call.streaming_ns) == (2, 2, 10 * MS)
    assert call.gaps == Gaps(2, 10 * MS, 10 * MS, 10 * MS, 10 * MS, stalls=0), "a gap lies where it ends"
    assert (call.connect_ns, call.first_token_ns, call.outcome) == (None, None, None)
    assert (call.tokens, call.cost_usd, found.cost_usd) == (None, None, None)
    assert found.retries == 0


def test_a_first_call_is_no_retry() -> None:
    assert statistics(upto(6)).retries == 0


def test_a_chunk_that_came_in_pieces_came_when_its_first_did() -> None:
    rest = Delta(Channel.ANSWER, wire.CHUNK.pack(0, wire.CONTINUES | 1), b"e")
    facts: list[tuple[int, int, Event]] = [
        *FACTS[:4],
        (40, 1, chunk("on")),
        (45, 1, rest),
        (46, 1, rest),
        (80, 1, chunk("two")),
    ]
    before, after = (
        fold_all(Record(1, seq, ms * MS, stream, event) for seq, (ms, stream, event) in enumerate(facts[:count], 1))
        for count in (7, 8)
    )
    (call,) = statistics(after, before).calls
    assert call.chunks == 1
    assert call.gaps is not None
    assert call.gaps.max_ns == 40 * MS


def test_what_a_fork_inherited_is_its_parents() -> None:
    """The refused call, which stands before the place of the fork, with a cost for once."""
    facts = [*FACTS]
    facts[0] = (0, 0, RunStarted("01b", "Why?", PLAN, "default", True, 5, parent="01a", parent_seq=6))
    facts[3:4] = [(30, 1, AttemptOpened(200)), (30, 1, UsageReported(Usage(), cost_usd="7"))]
    fork = fold_all(Record(1, seq, ms * MS, stream, event) for seq, (ms, stream, event) in enumerate(facts, 1))
    found = statistics(fork)
    assert [(call.inherited, call.cost_usd) for call in found.calls] == [(True, Decimal(7)), (False, Decimal("0.25"))]
    assert found.cost_usd == Decimal("0.25")
    assert [row.number for row in rows_of(fork)] == [2]


def test_a_chunk_that_claims_to_be_older_than_the_run_came_at_its_start() -> None:
    old = Delta(Channel.ANSWER, wire.CHUNK.pack(4_000_000_000, 1) + wire.CHUNK.pack(0, 1), b"ab")
    facts = [*FACTS[:2], (1, 1, begun(1, "first")), (3, 1, old)]
    found = statistics(
        fold_all(Record(1, seq, ms * MS, stream, event) for seq, (ms, stream, event) in enumerate(facts, 1))
    )
    assert found.calls[0].gaps == Gaps(1, 3 * MS, 3 * MS, 3 * MS, 3 * MS, stalls=0)


def test_a_call_whose_chunks_claim_to_have_come_backwards_took_no_less_than_no_time() -> None:
    late, early = (Delta(Channel.ANSWER, wire.CHUNK.pack(age, 1), b"a") for age in (0, 2_000))
    usage = UsageReported(Usage(completion_tokens=2))
    facts = [*FACTS[:2], (1, 1, begun(1, "first")), (4, 1, late), (4, 1, early), (4, 1, usage), (4, 1, FACTS[-1][2])]
    found = statistics(
        fold_all(Record(1, seq, ms * MS, stream, event) for seq, (ms, stream, event) in enumerate(facts, 1))
    )
    assert (found.calls[0].streaming_ns, found.calls[0].tokens_per_s) == (0, None)


def test_a_stretch_without_calls_costs_nothing() -> None:
    found = statistics(upto(6), upto(6))
    assert (found.calls, found.cost_usd) == ((), Decimal(0))


@given(records(), st.data())
def test_neighbouring_stretches_add_up(history: list[Record], data: st.DataObject) -> None:
    """Whatever chunk the place between them stands behind."""
    middle, chunks = data.draw(st.integers(0, len(history))), data.draw(st.integers(0, 3))
    before, after = fold_all(history[:middle]), fold_all(history)
    if middle < len(history):
        shown, _ = _first_chunks(history[middle], chunks)
        before = before if shown is None else fold_all([shown], before)
    parts = [*statistics(before).calls, *statistics(after, before).calls]
    whole = statistics(after)
    for call in whole.calls:
        own = [part for part in parts if part.stream == call.stream]
        assert sum(part.chunks for part in own) == call.chunks
        assert sum(part.size for part in own) == call.size
        assert sum(part.gaps.count for part in own if part.gaps) == (call.gaps.count if call.gaps else 0)
        assert max((part.gaps.max_ns for part in own if part.gaps), default=0) == (call.gaps.max_ns if call.gaps else 0)
        for fact in ("connect_ns", "first_token_ns"):
            assert [value for part in own if (value := getattr(part, fact)) is not None] == [
                value for value in [getattr(call, fact)] if value is not None
            ]
    assert statistics(before).retries + statistics(after, before).retries == whole.retries


@given(records())
def test_the_whole_run_has_all_its_chunks(history: list[Record]) -> None:
    past = fold_all(history)
    assert sum(call.chunks for call in statistics(past).calls) == sum(each.text.chunks for each in past.attempts)


@given(st.lists(st.integers(0, 2 * STALL_NS), min_size=1))
def test_percentiles_are_gaps_that_occurred_in_order(gaps: list[int]) -> None:
    found = gaps_of(gaps)
    assert found is not None
    assert found.p50_ns <= found.p95_ns <= found.p99_ns <= found.max_ns == max(gaps)
    assert {found.p50_ns, found.p95_ns, found.p99_ns} <= set(gaps)
    assert sum(gap <= found.p50_ns for gap in gaps) * 2 >= len(gaps)
    assert found == gaps_of(sorted(gaps, reverse=True))
