"""The timeline's rows: every width and height is filled exactly, and each fact has a glyph of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hive_tui.core.commands import CallLane, MarkedPlace, StageSpan, TimelineOf
from hive_tui.tui.lines import UNKNOWN, Line, width_of
from hive_tui.tui.travel.scrubber import Stretch
from hive_tui.tui.travel.time_words import step_of, time_words
from hive_tui.tui.travel.timeline_rows import Shown, rows, spread, with_cursor

S = 1_000_000_000
BIN = S // 4


def lane(stream: int, stage: str, start: int, first: int | None, end: int | None, **facts: object) -> CallLane:
    """Seconds; text in each bin from the first to the end, but for `silent`."""
    silent = facts.pop("silent", ())
    bins = tuple(
        100 if first is not None and first * 4 <= at < (60 if end is None else end) * 4 and at // 4 not in silent else 0
        for at in range(240)
    )
    ended = None if end is None else end * S
    return CallLane(
        stream,
        stage,
        stage,
        facts.pop("round", 1),
        facts.pop("number", 1),
        start * S,
        None if first is None else first * S,
        ended,
        bins=bins,
        **facts,
    )


DATA = TimelineOf(
    "01J",
    60 * S,
    0,
    BIN,
    (
        lane(1, "generator", 0, 2, 14, outcome="finished"),
        lane(2, "refiner", 14, None, 18, outcome="errored", retried=True),
        lane(3, "refiner", 19, 20, 40, number=2, silent=range(28, 34), outcome="finished"),
        lane(4, "validator", 40, 42, 46, verdict="ACCEPT", verdict_ns=46 * S, outcome="finished"),
        lane(5, "curator", 46, 50, 58, outcome="timed_out"),
    ),
    (StageSpan("generator", 0, 14 * S), StageSpan("refiner", 14 * S, 40 * S), StageSpan("validator", 40 * S)),
    (MarkedPlace("odd number", "", 3, 0, 33 * S),),
    ((14 * S, "0.002"), (40 * S, "0.005"), (58 * S, "0.0123")),
)
WHOLE = Stretch(0, 60 * S, 60 * S)


def texts(lines: list[Line]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def row_of(name: str, shown: Shown) -> str:
    """The cells of the row with that label."""
    found = next(text for text in texts(rows(shown)) if text[1 : shown.label].strip() == name)
    return found[shown.label :]


sizes = st.tuples(st.integers(1, 240), st.integers(1, 30))


@given(sizes, st.integers(-1, 70), st.integers(1, 60), st.integers(0, 4), st.booleans())
def test_rows_fill_their_place_exactly(size: tuple[int, int], at: int, length: int, first: int, there: bool) -> None:
    width, height = size
    stretch = Stretch(0, length * S, 60 * S).pan(at * S)
    shown = Shown(DATA if there else None, stretch, width, height, first, (5 * S, 12 * S))
    made = rows(shown)
    assert len(made) == height
    for line in (*made, *with_cursor(shown, made, at * S)):
        assert sum(width_of(text) for text, _ in line) == width


def test_a_call_shows_its_wait_text_silence_and_end() -> None:
    shown = Shown(DATA, WHOLE, 76, 10)
    assert shown.cells == 65
    assert row_of("generator", shown).startswith("··▇████████████▂ ")
    # The wait, and the failure that another call stood in for.
    refused = row_of("refiner", shown)
    assert refused.strip() == "····⟳"
    stalled = row_of("refine ·2", shown)
    assert "█▃╌╌╌╌╌▂█" in stalled
    assert row_of("validator", shown).rstrip().endswith("█A")
    assert row_of("curator", shown).rstrip().endswith("█⧗")


def test_facts_differ_by_their_glyph() -> None:
    """They can be told apart without colours."""
    ends = {}
    for outcome in ("errored", "timed_out", "truncated", "cancelled"):
        call = lane(1, "generator", 0, 2, 10, outcome=outcome)
        ends[outcome] = _last(call)
    ends["retried"] = _last(lane(1, "generator", 0, 2, 10, outcome="errored", retried=True))
    for verdict in ("ACCEPT", "REVISE", "ABSTAIN"):
        ends[verdict] = _last(lane(1, "generator", 0, 2, 10, outcome="finished", verdict=verdict, verdict_ns=10 * S))
    assert len(set(ends.values())) == len(ends)
    assert not set(ends.values()) & set(" ·╌▁▂▃▄▅▆▇█")


def _last(call: CallLane) -> str:
    data = TimelineOf("01J", 60 * S, 0, BIN, (call,))
    return row_of("generator", Shown(data, WHOLE, 76, 4)).rstrip()[-1]


def test_a_short_silence_is_no_stall() -> None:
    call = lane(1, "generator", 0, 2, 40, silent=(10,))
    row = row_of("generator", Shown(TimelineOf("01J", 60 * S, 0, BIN, (call,)), WHOLE, 131, 4))
    assert "█▂ █" in row
    assert "╌" not in row


def test_a_stall_is_one_however_closely_one_looks() -> None:
    call = replace(lane(1, "generator", 0, 2, 40, silent=range(10, 14)), quiet_before_ns=S, quiet_after_ns=2 * S)
    inside = Stretch(11 * S, S, 60 * S)
    assert row_of("generator", Shown(TimelineOf("01J", 60 * S, 0, BIN, (call,)), inside, 76, 4)) == "╌" * 65
    call = replace(call, quiet_after_ns=0, quiet_before_ns=0)
    assert row_of("generator", Shown(TimelineOf("01J", 60 * S, 0, BIN, (call,)), inside, 76, 4)) == " " * 65


@pytest.mark.parametrize(
    ("height", "names"),
    [
        (1, ["all 5"]),
        (2, ["30.0s", "all 5"]),
        (3, ["30.0s", "all 5", "marks"]),
        (4, ["30.0s", "generator", "↓refiner", "marks"]),
        (6, ["30.0s", "generator", "refiner", "↓refiner ·2", "$0.002", "marks"]),
        (9, ["30.0s", "stages", "generator", "refiner", "refiner ·2", "validator", "curator", "$0.002", "marks"]),
    ],
)
def test_what_a_height_has_room_for(height: int, names: list[str]) -> None:
    shown = Shown(DATA, WHOLE, 120, height)
    said = [text[: shown.label].strip() for text in texts(with_cursor(shown, rows(shown), 30 * S))]
    assert said == names


def test_lanes_that_find_no_room_are_scrolled_to() -> None:
    shown = Shown(DATA, WHOLE, 120, 4, first=3)
    assert [text[: shown.label].rstrip() for text in texts(rows(shown))][1:3] == ["↑validator", " curator"]
    shown = Shown(DATA, WHOLE, 120, 4, first=1)
    assert [text[: shown.label].rstrip() for text in texts(rows(shown))][1:3] == ["↑refiner", "↓refiner ·2"]


def test_a_marker_is_seen_before_a_stage_in_its_cell() -> None:
    near = TimelineOf("01J", 60 * S, 0, BIN, (), (StageSpan("one", 9),), (MarkedPlace("odd", "", 1, 0, 7),))
    assert row_of("marks", Shown(near, WHOLE, 76, 4)).startswith("◆odd ")


def test_a_name_without_room_leaves_its_sign() -> None:
    near = TimelineOf("01J", 60 * S, 0, BIN, (), (StageSpan("one", 0, S), StageSpan("two", S, None)))
    assert row_of("stages", Shown(near, WHOLE, 76, 9)).startswith("▏▏two")


def test_the_place_is_marked_on_the_axis_and_in_each_lane() -> None:
    shown = Shown(DATA, WHOLE, 120, 6)
    made = with_cursor(shown, rows(shown), 30 * S)
    column = shown.label + 30 * 104 // 60
    assert texts(made)[0][column] == "▼"
    for line in made[1:-1]:
        at = 0
        for text, style in line:
            if at == column:
                assert (len(text), style) == (1, "cursor")
            at += len(text)
    assert texts(made)[1:-1] == [text.replace(" cost  ", " $0.002") for text in texts(rows(shown))[1:-1]]


def test_what_is_out_of_view_has_no_cursor() -> None:
    shown = Shown(DATA, Stretch(0, S, 60 * S), 120, 6)
    assert "▼" not in texts(with_cursor(shown, rows(shown), 30 * S))[0]


def test_names_of_stages_and_markers_stand_where_they_are() -> None:
    shown = Shown(DATA, WHOLE, 120, 9)
    stages, marks = row_of("stages", shown), row_of("marks", shown)
    assert stages.index("▏refiner") == 14 * 104 // 60
    assert marks.index("◆odd number") == 33 * 104 // 60
    within = Shown(DATA, Stretch(20 * S, 10 * S, 60 * S), 120, 9)
    assert row_of("stages", within).startswith(" refiner"), "the stage that goes on is named at the edge"


def test_a_chosen_stretch_is_seen_without_colours() -> None:
    shown = Shown(DATA, WHOLE, 120, 6, selection=(6 * S, 9 * S))
    axis = texts(with_cursor(shown, rows(shown), 30 * S))[0]
    assert "━━━━" in axis


def test_cost_rises_to_its_sum() -> None:
    row = row_of("cost", Shown(DATA, WHOLE, 120, 9))
    assert row.startswith(" ")
    assert row[14 * 104 // 60 + 1] == "▁"
    assert row.endswith("█")


@given(
    st.lists(st.integers(0, 1000), min_size=1, max_size=50),
    st.integers(1, 200),
)
def test_text_is_lost_in_no_cell(bins: list[int], width: int) -> None:
    (sums,) = spread([bins], 0, 7, Stretch(0, 7 * len(bins), 7 * len(bins)), width)
    assert len(sums) == width
    assert any(sums) == any(bins)
    for column in range(width):
        begin, end = column * 7 * len(bins) // width, (column + 1) * 7 * len(bins) // width
        if end > begin:
            assert bool(sums[column]) == any(bins[begin // 7 : (end - 1) // 7 + 1])


@pytest.mark.parametrize(
    ("at_ns", "step_ns", "words"),
    [
        (0, S, "0s"),
        (5 * S, S, "5s"),
        (12_500_000_000, 100_000_000, "12.5s"),
        (65 * S, 5 * S, "1m05s"),
        (65_500_000_000, 100_000_000, "1m05.5s"),
        (600 * S, 60 * S, "10m"),
        (250_000_000, 50_000_000, "250ms"),
        (250_500_000, 100_000, "250.5ms"),
        (3_000, 1_000, "3us"),
        (7, 1, "7ns"),
    ],
)
def test_times_in_words(at_ns: int, step_ns: int, words: str) -> None:
    assert time_words(at_ns, step_ns) == words


def test_ticks_of_one_axis_have_one_unit() -> None:
    whole = Stretch(0, 2 * S, 2 * S)
    axis = texts(rows(Shown(DATA, whole, 120, 6)))[0]
    assert axis.split() == ["▏0s", *(f"▏{tenths / 10:.1f}s" for tenths in range(2, 20, 2))]


@given(st.integers(10**4, 10**14), st.integers(10, 240))
def test_ticks_are_round_and_not_crowded(length: int, cells: int) -> None:
    step = step_of(length, cells)
    assert step * cells >= length * 10 - cells
    digits = str(step).rstrip("0")
    assert digits in ("1", "2", "5", "6", "12", "3", "36")


def test_before_the_first_report_the_cost_is_unknown() -> None:
    shown = Shown(DATA, WHOLE, 120, 6)
    assert texts(with_cursor(shown, rows(shown), 0))[-2].startswith(f" ${UNKNOWN} ")


@pytest.mark.parametrize("height", [5, 6, 9])
def test_that_no_call_has_begun_is_said_once(height: int) -> None:
    empty = replace(DATA, lanes=())
    assert "".join(texts(rows(Shown(empty, WHOLE, 120, height)))).count("no text yet") == 1
