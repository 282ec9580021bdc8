"""Dates of the Gregorian calendar: weekdays, distances, leap years, ISO weeks, days of the year."""

from __future__ import annotations

import re
from datetime import date, timedelta
from fractions import Fraction

from hive_tui.simulator.knowledge.finding import Finding
from hive_tui.simulator.knowledge.quantity import show, slips

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NAMES = "january february march april may june july august september october november december"
_MONTHS = _NAMES.split()
_MONTH = "|".join(f"{month}|{month[:3]}" for month in _MONTHS)
_DATE = re.compile(
    rf"(?P<y1>\d{{4}})-(?P<m1>\d{{1,2}})-(?P<d1>\d{{1,2}})"
    rf"|(?P<m2>{_MONTH})\.? (?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y2>\d{{4}})"
    rf"|(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<m3>{_MONTH})\.?,? (?P<y3>\d{{4}})"
)


def find(question: str) -> Finding | None:
    """What the question asks about dates that it names."""
    text = re.sub(r"\s+", " ", question.casefold())[:2000]
    leap = re.search(r"\b(\d{4}) (?:a )?leap year|leap year[^.?]*?\b(\d{4})\b", text)
    if leap is not None:
        return _leap(int(leap[1] or leap[2]))
    days = _dates(text)
    if not days:
        return None
    if len(days) >= 2 and re.search(r"days|how long|between|from", text):
        return _between(days[0], days[1])
    shifted = re.search(r"\b(\d{1,6}) (days?|weeks?) (after|before|from|since)\b", text)
    if shifted is not None:
        return _shifted(days[0], int(shifted[1]), shifted[2], shifted[3])
    if "week" in text and re.search(r"\biso\b|week number|which week|what week", text):
        return _week(days[0])
    if re.search(r"day of the year|day number", text):
        return _day_of_year(days[0])
    if re.search(r"day of the week|weekday|what day|which day|on what day", text):
        return _weekday(days[0])
    return None


def _dates(text: str) -> list[date]:
    found = []
    for match in _DATE.finditer(text):
        parts = {name[0]: value for name, value in match.groupdict().items() if value}
        month = parts["m"]
        number = int(month) if month.isdigit() else 1 + [name[:3] for name in _MONTHS].index(month[:3])
        try:
            found.append(date(int(parts["y"]), number, int(parts["d"])))
        except ValueError:
            continue
    return found


def _long(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1].capitalize()} {day.year}"


def _weekday(day: date) -> Finding:
    at = day.weekday()
    return Finding(
        "Dates",
        f"The weekday of {_long(day)}",
        f"{_long(day)} is a {{value}} in the Gregorian calendar.",
        _DAYS[at],
        (_DAYS[(at + 1) % 7], _DAYS[(at - 1) % 7], _DAYS[(at + 3) % 7]),
        (
            "1 January 2001 was a Monday.",
            "Count the days from there and take the remainder by 7.",
            "That is {value}.",
        ),
        code=f'from datetime import date\nprint(date({day.year}, {day.month}, {day.day}).strftime("%A"))',
    )


def _between(first: date, second: date) -> Finding:
    days = Fraction(abs((second - first).days))
    return Finding(
        "Dates",
        f"From {_long(first)} to {_long(second)}",
        f"From {_long(first)} to {_long(second)} it is {{value}} days, the last day counted and the first not.",
        show(days),
        (show(days + 1), *slips(days)),
        (
            "Count the whole years, with a day for each leap year.",
            "Add the days of the broken years: {value}.",
        ),
        code=(
            "from datetime import date\n"
            f"print((date({second.year}, {second.month}, {second.day})"
            f" - date({first.year}, {first.month}, {first.day})).days)"
        ),
    )


def _shifted(day: date, count: int, unit: str, way: str) -> Finding | None:
    days = count * (7 if unit.startswith("week") else 1) * (-1 if way == "before" else 1)
    try:
        value = day + timedelta(days=days)
        wrong = (value + timedelta(days=1), value - timedelta(days=1), value + timedelta(days=7))
    except OverflowError:
        return None
    return Finding(
        "Dates",
        f"{count} {unit} {way} {_long(day)}",
        f"{count} {unit} {way} {_long(day)} is {{value}}.",
        _long(value),
        tuple(map(_long, wrong)),
        (
            f"{abs(days)} days are {abs(days) // 7} weeks and {abs(days) % 7} days.",
            "Step month by month: {value}.",
        ),
    )


def _leap(year: int) -> Finding:
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    rule = (
        f"{year} is divisible by 400"
        if year % 400 == 0
        else f"{year} is divisible by 100 and not by 400"
        if year % 100 == 0
        else f"{year} is {'' if year % 4 == 0 else 'not '}divisible by 4"
    )
    return Finding(
        "Dates",
        f"Is {year} a leap year?",
        f"{year} is {{value}}.",
        "a leap year" if is_leap else "a common year",
        ("a common year" if is_leap else "a leap year",),
        ("Every fourth year is one, but for full centuries that 400 does not divide.", f"Here: {rule}."),
        table=(("Year", "Days in February"), ("1900", "28"), ("2000", "29"), ("2023", "28"), ("2024", "29")),
    )


def _week(day: date) -> Finding:
    year, week, _ = day.isocalendar()
    return Finding(
        "Dates",
        f"The ISO week of {_long(day)}",
        f"{_long(day)} lies in ISO week {{value}}.",
        f"{year}-W{week:02d}",
        (f"{year}-W{week % 52 + 1:02d}", f"{year}-W{(week - 2) % 52 + 1:02d}"),
        (
            "ISO weeks begin on Monday; week 1 holds the year's first Thursday.",
            "Counting from there: {value}.",
        ),
    )


def _day_of_year(day: date) -> Finding:
    number = Fraction(day.timetuple().tm_yday)
    sentence = f"{_long(day)} is day {{value}} of its year."
    return Finding("Dates", f"The place of {_long(day)} in its year", sentence, show(number), slips(number))
