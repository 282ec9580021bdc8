"""What goes by the limits: the oldest, no more than must, and never a marked, a live or an unreadable run."""

from hypothesis import given
from hypothesis import strategies as st

from hive_tui.config.retention import Retention
from hive_tui.history.pages import Row
from hive_tui.history.retention import surplus
from hive_tui.recording.summary import Summary

NOW_S = 1_000


def row(number: int, age_s: int, size: int, marked: bool, live: bool, fault: bool) -> Row:
    told = Summary(
        run=f"{number:026d}",
        seq=1,
        wall_ns=(NOW_S - age_s) * 10**9,
        question="",
        plan="single",
        profile="default",
        simulated=True,
        outcome="finished",
        decision=None,
        duration_ns=0,
        cost_usd=None,
        models=(),
        chunks=0,
        answer_size=0,
    )
    return Row(told, "", False, 0, marked, live, size, "damaged" * fault)


RARELY = st.integers(0, 4).map(lambda n: n == 0)
ROWS = st.lists(st.tuples(st.integers(0, 900), st.integers(1, 50), RARELY, RARELY, RARELY), max_size=30).map(
    lambda found: [row(number, *each) for number, each in enumerate(found)]
)
LIMITS = st.builds(
    Retention,
    st.none() | st.floats(1, 900),
    st.none() | st.integers(1, 30),
    st.none() | st.integers(1, 800),
)


@given(ROWS, LIMITS)
def test_limits(rows: list[Row], limits: Retention) -> None:
    going = surplus(rows, limits, NOW_S * 10**9)
    gone = {each.summary.run for each, _ in going}
    left = [each for each in rows if each.summary.run not in gone]
    free = [each for each in left if not (each.marked or each.live or each.fault)]
    assert not [each for each, _ in going if each.marked or each.live or each.fault]
    assert surplus(left, limits, NOW_S * 10**9) == [], "once is enough"
    if not limits.limited:
        assert not going
    if free and limits.max_runs is not None:
        assert len(left) <= limits.max_runs
    if free and limits.max_size_bytes is not None:
        assert sum(each.size for each in left) <= limits.max_size_bytes
    for each, why in going:
        if why != "max_age":
            older = [other for other in free if other.summary.wall_ns < each.summary.wall_ns]
            assert not older, "the oldest go first"
