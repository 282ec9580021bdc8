"""What a pane holds of a text: the end of the newest view, whichever views came before, and twice as much on demand."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import example, given
from hypothesis import strategies as st

from hive_tui.tui.live.held import Held
from hive_tui.tui.live.window import Window
from hive_tui.tui.live.wrap import Flow

PIECES = st.lists(
    st.tuples(st.sampled_from((0, 0, 1)), st.text("ab \nä中", min_size=1, max_size=6)), min_size=1, max_size=30
)


class View:
    """The first pieces of a text, perhaps with a part only of the last; read from its end, as a recording is."""

    def __init__(self, pieces: list[tuple[int, str]], lazy: bool) -> None:
        self.pieces = pieces
        self._lazy = lazy
        self.read = 0

    @property
    def deltas(self) -> int:
        return len(self.pieces)

    @property
    def size(self) -> int:
        return sum(len(text.encode()) for _, text in self.pieces)

    def segments(self, start: int = 0) -> Iterator[tuple[int, str]]:
        self.read += len(self.pieces) - start
        return iter(self.pieces[start:])

    def tail(self, size: int) -> int:
        start = len(self.pieces) if self._lazy else 0
        while start and sum(len(text.encode()) for _, text in self.pieces[start:]) < size:
            start -= 1
        return start


def held_text(window: Window) -> str:
    window.flow.advance()
    return window.flow.text(0, window.flow.length)


def rows(flow: Flow) -> list[tuple[int, str]]:
    return [(channel, flow.text(start, stop)) for start, stop, channel in flow.last(10_000)]


@given(PIECES, st.booleans(), st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=12), st.integers(1, 8))
@example([(0, "a"), (0, "a"), (0, "aää"), (0, "aaäaaa")], True, [(4, True), (3, False)], 7)
def test_whatever_was_shown_before_the_end_of_the_text_is_held(
    pieces: list[tuple[int, str]], lazy: bool, places: list[tuple[int, bool]], screenful: int
) -> None:
    window = Window()
    held = Held(window)
    held._asked = 10
    for place, part in places:
        shown = pieces[:place]
        if part and shown:
            channel, last = shown[-1]
            shown = [*shown[:-1], (channel, last[: len(last) // 2])]
        view = View(shown, lazy)
        held.take(view, part, screenful)
        text = "".join(each for _, each in shown)
        found = held_text(window)
        assert text.endswith(found)
        assert len(found.encode()) >= min(screenful, len(text.encode()))
        assert held.before == len(text.encode()) - len(found.encode())
        assert held.taken == (view.deltas, view.size)
        if held.whole:
            fresh = Flow(window.flow.width)
            for channel, each in shown:
                fresh.append(channel, each)
            fresh.advance()
            assert rows(window.flow) == rows(fresh)
        else:
            assert lazy


@given(PIECES, st.integers(0, 30))
def test_more_of_it_ends_with_the_whole_text_and_says_how_much_came_before(
    pieces: list[tuple[int, str]], place: int
) -> None:
    window = Window()
    held = Held(window)
    held._asked = 1
    view = View(pieces[:place], lazy=True)
    held.take(view, part=False, screenful=1)
    text = "".join(each for _, each in view.pieces)
    while not held.whole:
        before = held_text(window)
        shift = held.more(view)
        assert shift > 0
        assert held_text(window)[shift:] == before
    assert held_text(window) == text
    assert held.before == 0
    assert held.more(view) == 0


def test_to_go_back_and_forth_reads_only_what_lies_between() -> None:
    window = Window()
    held = Held(window)
    pieces = [(0, f"word {number} ") for number in range(5_000)]
    held.take(View(pieces, lazy=True), part=False, screenful=100)
    for number in (4_990, 4_980, 4_990, 5_000):
        view = View(pieces[:number], lazy=True)
        held.take(view, part=False, screenful=100)
        assert view.read <= 10
    far = View(pieces[:1_000], lazy=True)
    assert not held.take(far, part=False, screenful=100)
    assert far.read <= 1_000
    assert held_text(window).endswith("word 999 ")


def test_a_cut_text_wraps_as_one_that_never_was_longer() -> None:
    flow, fresh = Flow(10), Flow(10)
    flow.append(0, "one two three\nfour five six seven\n")
    flow.append(1, "eight")
    flow.advance()
    flow.last(10)
    flow.cut(20)
    fresh.append(0, "one two three\nfour f")
    fresh.advance()
    assert rows(flow) == rows(fresh)
    for each in (flow, fresh):
        each.append(0, "ive")
        each.advance()
    assert rows(flow) == rows(fresh)
