"""Everything that is shown lies on the screen, nothing overlaps, and the question line is always there."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.tui.geometry import ANSWER, Rect, View, arrange

views = st.builds(
    View,
    stages=st.integers(1, 8),
    active=st.integers(ANSWER, 8),
    maximised=st.booleans(),
    question_lines=st.integers(1, 40),
    answer=st.booleans(),
    answer_rows=st.none() | st.integers(1, 500),
    offers=st.integers(0, 5),
)
OUTER = ("header", "tabs", "answer", "gauges", "offers", "question", "status", "footer")


def overlap(a: Rect, b: Rect) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


def inside(inner: Rect, outer: Rect) -> bool:
    return (
        inner[0] >= outer[0]
        and inner[1] >= outer[1]
        and inner[0] + inner[2] <= outer[0] + outer[2]
        and inner[1] + inner[3] <= outer[1] + outer[3]
    )


@given(st.integers(1, 260), st.integers(1, 90), views)
def test_all_fits_and_nothing_overlaps(width: int, height: int, view: View) -> None:
    parts = arrange(width, height, view).parts
    assert "question" in parts
    for rect in parts.values():
        assert rect[2] >= 1
        assert rect[3] >= 1
        assert inside(rect, (0, 0, width, height))
    outer = [rect for name, rect in parts.items() if name in OUTER or name.startswith("pane.")]
    for one, other in itertools.combinations(outer, 2):
        assert not overlap(one, other)
    assert sum(w * h for _, _, w, h in outer) == width * height
    for name, rect in parts.items():
        if name.startswith("body."):
            assert inside(rect, parts["pane." + name[5:]])
        if name.startswith("lane."):
            assert inside(rect, parts["pane." + name[5:]])
            assert not overlap(rect, parts["body." + name[5:]])
    assert inside(parts["question.body"], parts["question"])


@pytest.mark.parametrize(
    ("width", "height", "mode", "panes"),
    [(160, 48, "grid", 4), (100, 30, "grid", 4), (80, 60, "stack", 4), (80, 24, "solo", 1), (60, 20, "solo", 1)],
)
def test_panes_stand_side_by_side_where_there_is_room(width: int, height: int, mode: str, panes: int) -> None:
    geometry = arrange(width, height, View())
    assert geometry.mode == mode
    assert sum(name.startswith("pane.") for name in geometry.parts) == panes


def test_a_maximised_pane_is_the_only_one_and_has_tabs_above() -> None:
    parts = arrange(160, 48, View(active=2, maximised=True)).parts
    assert [name for name in parts if name.startswith("pane.")] == ["pane.2"]
    assert parts["pane.2"][2] == 160
    assert "tabs" in parts


def test_the_answer_stands_under_the_panes_or_in_a_tab() -> None:
    wide = arrange(160, 48, View(answer=True))
    assert wide.mode == "grid"
    assert wide.parts["answer"][3] >= 20
    narrow = arrange(80, 24, View(answer=True, active=ANSWER)).parts
    assert "answer" in narrow
    assert "pane.0" not in narrow


def test_a_long_question_grows_but_leaves_the_panes_room() -> None:
    short, long = arrange(80, 24, View()), arrange(80, 24, View(question_lines=100))
    assert long.parts["question"][3] > short.parts["question"][3]
    assert long.parts["pane.0"][3] >= 4
