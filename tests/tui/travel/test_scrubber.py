"""The scrubber's stretch never leaves the run, cells and moments agree, and a cell with text is seen."""

from hypothesis import given
from hypothesis import strategies as st

from hive_tui.tui.travel.scrubber import Stretch, density


@st.composite
def stretches(draw: st.DrawFn) -> Stretch:
    end = draw(st.integers(1000, 10**12))
    length = draw(st.integers(1000, end))
    return Stretch(draw(st.integers(0, end - length)), length, end)


@given(stretches(), st.integers(1, 240), st.data())
def test_a_cells_first_moment_lies_in_that_cell(stretch: Stretch, width: int, data: st.DataObject) -> None:
    column = data.draw(st.integers(0, width - 1))
    assert stretch.column(stretch.moment(column, width), width) == column


@given(stretches(), st.floats(0.1, 64), st.integers(0, 10**12), st.integers(-(10**12), 10**12))
def test_zoom_and_pan_stay_inside_the_run(stretch: Stretch, factor: float, around: int, by: int) -> None:
    for moved in (stretch.zoom(factor, around), stretch.pan(by)):
        assert moved.start_ns >= 0
        assert moved.start_ns + moved.length_ns <= moved.end_ns


@given(stretches(), st.floats(0.1, 64), st.data())
def test_zoom_keeps_its_middle_in_view(stretch: Stretch, factor: float, data: st.DataObject) -> None:
    around = data.draw(st.integers(0, stretch.end_ns))
    assert stretch.zoom(factor, around).column(around, 80) is not None


def test_out_of_view_has_no_cell() -> None:
    assert Stretch(100, 50, 1000).column(99, 10) is None


def test_little_text_is_seen() -> None:
    assert density([0, 1, 500, 1000], 1000) == " ▁▄█"
