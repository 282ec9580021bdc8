"""What the simulated models know is right: they may err on purpose only."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.simulator import tokens
from hive_tui.simulator.knowledge import facts
from hive_tui.simulator.knowledge.arithmetic import NoExpression, evaluate
from hive_tui.simulator.knowledge.everything import find
from hive_tui.simulator.knowledge.finding import mentions
from hive_tui.simulator.knowledge.quantity import read, show, slips


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("What is 17.5% of 240?", "42"),
        ("what is 2+2", "4"),
        ("Compute 12 * (3 + 4)^2", "588"),
        ("What is 2 to the power of 10?", "1024"),
        ("2^3^2 = ?", "512"),
        ("-2^2 + 10", "6"),
        ("the square root of 144", "12"),
        ("What is 7 times 8?", "56"),
        ("10! / 8!", "90"),
        ("1,000 * 3", "3000"),
        ("100 * 200", "20,000"),
        ("average of 3, 4, and 11", "6"),
        ("What is the median of 9, 1, 5 and 7?", "6"),
        ("the sum of 1, 2 and 3", "6"),
        ("gcd of 12 and 18", "6"),
        ("least common multiple of 4 and 6", "12"),
        ("Is 91 prime?", "a composite number"),
        ("Is 97 a prime number?", "a prime number"),
        ("45 is what percent of 60", "75"),
        ("What percentage of 60 is 45?", "75"),
        ("Increase 80 by 15%", "92"),
        ("reduce 200 by 12 percent", "176"),
        ("What is 20% off $50?", "40"),
        ("A train goes 120 km in 1.5 hours. How fast is it?", "80"),
        ("10 choose 3", "120"),
        ("$1000 at 5% interest for 10 years", "1628.89"),
        ("Convert 5 km to miles", "3.10686"),
        ("How many feet are in a mile?", "5280"),
        ("100 F in C", "37.7778"),
        ("What is 0 °C in Fahrenheit?", "32"),
        ("36 km/h to m/s", "10"),
        ("How many pounds in 3 kg?", "6.61387"),
        ("What day of the week was July 20, 1969?", "Sunday"),
        ("On what day did 9 November 1989 fall?", "Thursday"),
        ("How many days between 2024-01-01 and 2024-12-25?", "359"),
        ("Is 1900 a leap year?", "a common year"),
        ("Is 2000 a leap year?", "a leap year"),
        ("What ISO week is 2026-01-01?", "2026-W01"),
        ("What is 90 days after 2026-01-15?", "15 April 2026"),
        ("Which day of the year is 2024-12-31?", "366"),
        ("What is the capital of Australia?", "Canberra"),
        ("chemical symbol of gold?", "Au"),
        ("What is the atomic number of carbon?", "6"),
        ("Which port does HTTPS use?", "443"),
        ("What is the complexity of merge sort?", "O(n log n)"),
        ("How do I undo the last git commit?", "git reset --soft HEAD~1"),
        ("Write a Python function to remove duplicates from a list", "dict.fromkeys"),
    ],
)
def test_a_question_finds_its_value(question: str, value: str) -> None:
    found = find(question)
    assert found is not None
    assert found.value == value
    assert value not in found.wrong
    assert mentions(found.stated(value), value)
    for mistake in found.wrong:
        assert not mentions(found.stated(mistake), value), mistake


@pytest.mark.parametrize(
    "question",
    ["", "Why do cats purr?", "Compare Rust and Go", "1/0", "9^9^9^9", "(" * 5000 + "1" + ")" * 5000],
)
def test_what_is_not_known_is_not_made_up(question: str) -> None:
    assert find(question) is None


_VOCABULARY = """
what is the average of convert km to miles f in c days between and after 2024-02-29 9999-12-31 1e999 99999999999
0 1 -1 2.5 % of ^ ^ * / ( ) ! sqrt choose gcd prime is leap year week what day increase by at interest for years
how many pounds percent what out off each cost capital france
"""
_WORDS = _VOCABULARY.split()


@given(st.lists(st.sampled_from(_WORDS), max_size=12).map(" ".join) | st.text())
def test_no_question_breaks_it(question: str) -> None:
    found = find(question)
    if found is not None:
        assert found.value
        assert found.value not in found.wrong


def test_there_are_about_a_hundred_and_fifty_facts() -> None:
    assert facts.size() >= 150


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> str:
    """Texts whose meaning Python and schoolbooks share."""
    if depth == 0 or draw(st.booleans()):
        return str(draw(st.integers(0, 99)))
    left, right = draw(expressions(depth - 1)), draw(expressions(depth - 1))
    sign = draw(st.sampled_from("+-*/"))
    return draw(st.sampled_from([f"{left} {sign} {right}", f"({left}{sign}{right})", f"-({left} {sign} {right})"]))


@given(expressions())
def test_the_parser_agrees_with_python(text: str) -> None:
    import re

    exact = re.sub(r"\d+", lambda number: f"Fraction({number[0]})", text)
    try:
        expected = eval(exact, {"Fraction": Fraction})
    except ZeroDivisionError:
        with pytest.raises(NoExpression):
            evaluate(text)
    else:
        assert evaluate(text) == expected


@given(st.integers(-(10**15), 10**15))
def test_a_whole_number_is_shown_exactly(number: int) -> None:
    value = Fraction(number)
    assert read(show(value)) == value
    assert show(value) not in slips(value)


@given(st.dates(date(1600, 1, 1), date(2400, 1, 1)), st.integers(1, 5000))
def test_days_between_and_days_after_agree(day: date, days: int) -> None:
    later = day + timedelta(days=days)
    between = find(f"How many days are between {day} and {later}?")
    after = find(f"What date is {days} days after {day}?")
    assert between is not None
    assert after is not None
    assert read(between.value) == days
    assert after.value.startswith(f"{later.day} ")


@given(st.text())
def test_tokens_put_together_are_the_text(text: str) -> None:
    assert "".join(tokens.split(text)) == text


@pytest.mark.parametrize(
    ("text", "value", "stated"),
    [
        ("The result is **42**.", "42", True),
        ("It is 42.", "42", True),
        ("It is 42.5", "42", False),
        ("It is 142", "42", False),
        ("42. First\n43. Second", "42", False),
        ("2+2 is **5**.\n\n4. Done", "4", False),
        ("That makes 1,234,567 in all", "1234567", True),
        ("**Why:** the sum is 7", "7", True),
        ("The capital is paris", "Paris", True),
    ],
)
def test_whether_a_text_states_a_value(text: str, value: str, stated: bool) -> None:
    assert mentions(text, value) is stated
