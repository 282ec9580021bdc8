"""What a person types to find runs."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.history.database import Database
from hive_tui.history.filters import Condition, FilterError, Wanted, parse, words
from hive_tui.history.pages import page

NOW = 1_790_000_000 * 10**9


def test_words_are_beginnings_and_quotes_hold_them_together() -> None:
    assert parse("", NOW) == parse("   ", NOW) == Wanted()
    assert parse("sky blue", NOW).match == '"sky"* AND "blue"*'
    assert parse('"the sky"', NOW).match == '"the sky"'
    assert parse("question:sky answer:blue", NOW).match == 'question : "sky"* AND answer : "blue"*'
    assert parse("-sky", NOW).conditions[0].values == ('"sky"*',)


def test_conditions() -> None:
    assert parse("outcome:errored", NOW).conditions == (Condition("outcome = ? COLLATE NOCASE", ("errored",)),)
    assert parse("-is:marked", NOW).conditions == (Condition("NOT (marked = 1)"),)
    assert parse("cost>$0.05", NOW).conditions == (Condition("cost > ?", (0.05,)),)
    assert parse("took>=1.5m", NOW).conditions == (Condition("duration_ns >= ?", (90 * 10**9,)),)
    assert parse("age<7d", NOW).conditions == (Condition("? - wall_ns < ?", (NOW, 7 * 86400 * 10**9)),)
    assert parse("cost > 0.05", NOW) == parse("cost >0.05", NOW) == parse("cost>0.05", NOW)
    assert parse("outcome: errored", NOW) == parse("outcome:errored", NOW)
    assert parse('"cost > 3"', NOW).match == '"cost > 3"'
    assert parse("model:Atlas cost < 1", NOW) == parse("model:Atlas cost<1", NOW)
    assert parse("size>5MB", NOW).conditions == (Condition("size > ?", (5_000_000,)),)
    assert parse("model:Atlas run:01M8 cost<1", NOW).conditions[0].values == ("atlas",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("outcom:errored", "did you mean outcome"),
        ("https://example.org", 'To look for the words themselves: "https://example.org"'),
        ("outcome:eror", "did you mean errored"),
        ("is:good", "one of marked, live, simulated, fork"),
        ("cost>much", "no sum of dollars"),
        ("cost>nan", "no sum of dollars"),
        ("took>5", "a time such as 30s"),
        ("age<1000y", "a time such as 30s"),
        ("size>5", "a size such as 300MB"),
        ("plan>single", "plan is no number"),
        ("since:yesterday", "write it as 2026-11-23"),
        ("model:", "needs a value"),
    ],
)
def test_what_means_nothing_is_said_with_what_would(text: str, says: str) -> None:
    with pytest.raises(FilterError) as refusal:
        parse(text, NOW)
    assert says in str(refusal.value)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    return Database(tmp_path_factory.mktemp("data") / "catalogue").connection


PIECES = st.sampled_from(
    ['"', "'", "-", "*", "(", ")", "^", ":", "NEAR", "AND", "cost<", "1", "sky", " ", "\0", "雨", "é"]
)


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_whatever_is_typed_is_refused_in_words_or_can_be_asked(connection: sqlite3.Connection, text: str) -> None:
    try:
        wanted = parse(text, NOW)
    except FilterError:
        wanted = Wanted()
    for each in (wanted, words(text)):
        for tree in (False, True):
            assert page(connection, each, 0, 5, tree=tree).total == 0
