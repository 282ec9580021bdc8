"""Each line of chrome is exactly as wide as asked, at any width, and says unknown where nothing is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from hive_tui.tui import bars, chrome, colours
from hive_tui.tui.actions import SCOPES
from hive_tui.tui.lines import UNKNOWN, Line, cut

words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "M", "Z"]), max_size=30)
facts = st.builds(
    chrome.PaneFacts,
    st.integers(1, 9),
    st.sampled_from(["generator", "curator", "panellist"]),
    model=st.none() | words,
    state=st.sampled_from(sorted(chrome.STATES)),
    note=words,
    ttft=st.none() | st.just("0.42 s"),
    rate=st.none() | st.just("128 tok/s"),
    cost=st.none() | st.just("$0.0123"),
    verdict=st.sampled_from(["", "ACCEPT", "REVISE"]),
    place=st.sampled_from(["", "at 63 %"]),
    lane=st.lists(st.integers(0, 9), max_size=240),
    lane_end=st.none() | st.just("12.3 s"),
    focused=st.booleans(),
)


def width(line: Line) -> int:
    assert all(style in colours.STYLES for _, style in line)
    return sum(cell_len(text) for text, _ in line)


def text(line: Line) -> str:
    return "".join(part for part, _ in line)


@given(facts, st.integers(8, 200), st.integers(3, 12), st.booleans(), st.booleans(), st.booleans())
def test_a_pane_fills_its_rectangle(
    facts: chrome.PaneFacts, w: int, h: int, boxed: bool, empty: bool, laned: bool
) -> None:
    rows = chrome.pane_rows(facts, w, h, boxed, empty, laned)
    assert len(rows) == h
    assert {width(row) for row in rows} == {w}


@given(st.integers(1, 200), words, st.lists(facts, min_size=1, max_size=4), st.booleans())
def test_bars_fill_their_width(w: int, word: str, panes: list[chrome.PaneFacts], flag: bool) -> None:
    assert width(bars.header(w, plan=word, profile=word, run=word, marks=("SIMULATED",))) == w
    assert width(bars.gauges({"fps": word}, frozenset({"fps"}), w)) == w
    assert width(bars.status(word, "bad", word, w)) == w
    assert width(bars.offer(word, "F2", w)) == w
    assert width(chrome.tabs(panes, 0, flag, w)) == w
    for scope in SCOPES:
        assert width(bars.footer(scope, w)) == w


@given(words, st.integers(0, 20))
def test_a_cut_text_fits(word: str, w: int) -> None:
    assert cell_len(cut(word, w)) <= w


def test_what_is_unknown_is_shown_as_unknown() -> None:
    line = text(chrome.pane_bottom(chrome.PaneFacts(1, "generator", state="connecting"), 80))
    assert f"{UNKNOWN} tok/s" in line
    assert f"{UNKNOWN} $" in line
    assert "0" not in line
    assert text(bars.gauges({}, frozenset(), 160)).count(UNKNOWN) == len(bars.GAUGES)


def test_a_lane_stands_where_it_has_room() -> None:
    facts = chrome.PaneFacts(1, "generator", state="streaming", lane=[0, 1, 8, 0], lane_end="4.0 s", elapsed="3.1 s")
    assert "▁" in text(chrome.pane_bottom(facts, 80))
    assert "3.1 s" in text(chrome.pane_bottom(facts, 80))
    assert "▁" not in text(chrome.pane_bottom(facts, 60))
    assert text(chrome.lane_row(facts, 31)) == "text      ▁▁▁▁▁█████      4.0 s"
    rows = [text(row) for row in chrome.pane_rows(facts, 80, 10, True, True, True)]
    assert [("█" in row) for row in rows] == [False] * 8 + [True, False]
    assert f"text {UNKNOWN}" in text(chrome.lane_row(chrome.PaneFacts(1, "generator"), 60))


@pytest.mark.parametrize("w", [80, 40, 20])
def test_the_mark_of_a_simulated_run_is_kept_longest(w: int) -> None:
    line = text(bars.header(w, plan="pipeline", profile="default", run="0" * 26, marks=("SIMULATED",)))
    assert "SIMULATED" in line


@pytest.mark.parametrize("w", range(66, 161))
@pytest.mark.parametrize("question", ["Why?", "no text here", "Why is the sky blue?"])
def test_a_question_is_kept_longer_than_the_runs_id(w: int, question: str) -> None:
    marks = ("SIMULATED",)
    line = text(bars.header(w, plan="pipeline", profile="default", run="0" * 26, question=question, marks=marks))
    assert question in line


def test_focus_is_seen_without_colours() -> None:
    plain = text(chrome.pane_top(chrome.PaneFacts(1, "generator"), 60))
    focused = text(chrome.pane_top(chrome.PaneFacts(1, "generator", focused=True), 60))
    assert plain != focused


@pytest.mark.parametrize("scope", ["question", "pane", "answer", "timeline"])
def test_a_narrow_footer_keeps_the_way_on_and_the_help(scope: str) -> None:
    line = text(bars.footer(scope, 60))
    assert "Tab panes" in line
    assert "F1 help" in line


def test_the_way_out_of_the_list_of_runs_is_in_its_narrow_footer() -> None:
    assert "Esc leave" in text(bars.footer("runs", 60))


@pytest.mark.parametrize("scope", ["question", "timeline"])
def test_the_runs_are_in_the_footer_of_eighty_columns(scope: str) -> None:
    assert "F7 runs" in text(bars.footer(scope, 80))


@pytest.mark.parametrize("scope", ["pane", "answer", "timeline"])
def test_the_keys_of_time_are_in_the_footer_of_eighty_columns(scope: str) -> None:
    line = text(bars.footer(scope, 80))
    assert all(word in line for word in ("← back", "Space play", "End present"))


@pytest.mark.parametrize("scope", ["question", "pane", "answer", "timeline"])
def test_what_holds_everywhere_stands_at_the_right_in_one_order(scope: str) -> None:
    line = text(bars.footer(scope, 400))
    assert line.rstrip().endswith("F1 help   Tab panes   F7 runs   ^P palette   ^Q quit   F3 answer")


def test_every_gauge_names_its_source() -> None:
    assert all(gauge.help for gauge in bars.GAUGES)
