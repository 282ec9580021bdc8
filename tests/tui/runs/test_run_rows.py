"""The rows of the runs screen, and the pages that a list of any length is held by."""

from hypothesis import given
from hypothesis import strategies as st

from hive_tui.cli.plaintext import harmless
from hive_tui.core.run_commands import RunRow, RunsPage
from hive_tui.recording.summary import Summary
from hive_tui.tui.lines import measure
from hive_tui.tui.runs.pages import PAGE, RunPages
from hive_tui.tui.runs.rows import details, heading, row


def run(number: int, **changes: object) -> RunRow:
    told = {
        "run": f"01m{number:023d}",
        "seq": 9,
        "wall_ns": 1_790_000_000 * 10**9,
        "question": f"question {number}",
        "plan": "pipeline",
        "profile": "default",
        "simulated": True,
        "outcome": "finished",
        "decision": "curator",
        "duration_ns": 9_430_000_000,
        "cost_usd": "0.0065",
        "models": ("sim/atlas",),
        "chunks": 138,
        "answer_size": 369,
    }
    own = {key: changes.pop(key) for key in list(changes) if key in told}
    return RunRow(Summary(**{**told, **own}), **changes)  # type: ignore[arg-type]


def page(total: int, first: int, *, without: int = 0) -> RunsPage:
    numbers = range(total + without - 1, -1, -1)
    rows = [run(number) for number in numbers][without:][first : first + PAGE]
    return RunsPage(tuple(rows), first, total)


def test_a_long_list_is_asked_for_by_the_pages_that_are_seen() -> None:
    pages = RunPages()
    pages.take(page(1000, 0))
    assert pages.missing(30) is None
    pages.move(999, 30)
    assert (pages.top, pages.missing(30)) == (970, 900)
    pages.take(page(1000, 900))
    assert pages.missing(30) is None
    assert pages.current == run(0)
    pages.move(5000, 30)
    assert pages.cursor == 999
    pages.move(-5, 30)
    assert (pages.cursor, pages.top) == (0, 0)


def test_what_comes_above_does_not_move_one_away_from_a_run() -> None:
    pages = RunPages()
    pages.take(page(50, 0))
    pages.move(7, 10)
    before = pages.current
    pages.take(page(53, 0))
    assert (pages.cursor, pages.current) == (10, before)
    pages.take(page(20, 0, without=33))
    assert pages.cursor == 10, "the run is gone: the one in its place is shown"


@given(st.lists(st.tuples(st.integers(-5, 400), st.integers(1, 40), st.integers(0, 300))))
def test_the_cursor_is_always_on_a_row_that_is_seen(steps: list[tuple[int, int, int]]) -> None:
    pages = RunPages()
    pages.take(page(300, 0))
    for to, height, total in steps:
        pages.take(page(total, pages.page_in_sight()))
        pages.move(to, height)
        assert 0 <= pages.cursor < max(1, total)
        assert pages.top <= pages.cursor < pages.top + height
        missing = pages.missing(height)
        assert missing is None or missing % PAGE == 0
        assert len(pages.rows) <= 2100


HOSTILE = run(1, question="two\nlines \x1b[31m\u202e 雨の日 " * 20, outcome="timed_out", models=("a\nb",) * 9)


@given(st.integers(1, 200), st.integers(0, 14), st.text())
def test_every_line_has_the_width_that_there_is(width: int, height: int, text: str) -> None:
    long = run(2, question=text, answer=text, found=f"{text}\x02{text}\x03{text}", parent="p" * 26, fault=text)
    assert measure(heading(width)) == width
    for each in (HOSTILE, long, run(3, cost_usd=None, wall_ns=0, simulated=False)):
        for here in (False, True):
            line = row(each, width, here=here, selected=True)
            assert measure(line) == width
            assert harmless("".join(part for part, _ in line)) == "".join(part for part, _ in line)
        lines = details(each, width, height)
        assert len(lines) <= height
        for line in lines:
            assert measure(line) == width
            assert harmless("".join(part for part, _ in line)) == "".join(part for part, _ in line)


def test_a_row_says_what_matters_first() -> None:
    said = "".join(text for text, _ in row(run(4, marked=True, depth=2), 160, here=True, selected=True))
    for word in ("❯●◆", "finished", "pipeline", "9.4 s", "$0.0065", "└ SIM question 4"):
        assert word in said
    narrow = "".join(text for text, _ in row(run(4), 60, here=False, selected=False))
    assert "finished" in narrow
    assert "question 4" in narrow


def test_a_cost_is_said_to_be_nothing_only_when_it_was() -> None:
    for cost, told in (("0", "$0 "), ("0.0000004", "$0.0000004 "), ("1.5", "$1.50 "), (None, "– ")):
        line = row(run(1, cost_usd=cost), 120, here=False, selected=False)
        assert told in "".join(text for text, _ in line)
        assert "$0.00000 " not in "".join(text for text, _ in line)


def test_what_a_row_was_made_from_is_told() -> None:
    copy = run(2, source="01m839cjzffgsv4t7de863jw22")
    assert "redacted question 2" in "".join(text for text, _ in row(copy, 120, here=False, selected=False))
    told = "".join(text for line in details(copy, 200, 8) for text, _ in line)
    assert "redacted copy of 01m839cjzffgsv4t7de863jw22" in told


def test_hits_are_marked_in_the_details() -> None:
    found = run(5, found="the \x02sky\x03 is blue")
    pieces = [piece for line in details(found, 40, 8) for piece in line]
    assert ("sky", "match") in pieces
