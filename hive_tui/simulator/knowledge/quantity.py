"""Numbers: read from words, shown for people, and got wrong the way people do."""

from __future__ import annotations

from fractions import Fraction

TIMES = "\u00d7"
MINUS = "\u2212"
NUMBER = r"[-\u2212]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[-+]?\d{1,3})?"
"""A regular expression for a number as people write it."""
_DIGITS = 10
_LONGEST = 40


def read(text: str) -> Fraction:
    """The number that a text matching `NUMBER` stands for."""
    return Fraction(text.replace(",", "").replace(MINUS, "-"))


def show(value: Fraction) -> str:
    """Exact where that takes few digits, else ten significant ones; thousands are separated from 10,000 up."""
    if value.denominator == 1:
        digits = str(abs(value.numerator))
        if len(digits) > _LONGEST:
            mantissa = f"{digits[0]}.{digits[1:_DIGITS]}".rstrip("0").rstrip(".")
            return f"{'-' * (value < 0)}{mantissa} {TIMES} 10^{len(digits) - 1}"
        return f"{value.numerator:,}" if abs(value) >= 10_000 else str(value.numerator)
    if abs(value) > 10**300:
        return show(Fraction(round(value)))
    number = float(value)
    if number == 0.0 or not 1e-6 <= abs(number) < 1e15:
        return f"{number:.{_DIGITS}g}"
    places = max(0, _DIGITS - len(str(abs(int(number)))))
    shown = f"{number:,.{places}f}" if abs(number) >= 10_000 else f"{number:.{places}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def is_exact(value: Fraction) -> bool:
    """Whether `show` says all of it."""
    return value.denominator == 1 or Fraction(show(value).replace(",", "")) == value


def rounded(value: Fraction) -> Fraction:
    """To six significant digits unless it is whole."""
    return value if value.denominator == 1 or abs(value) > 10**300 else Fraction(f"{float(value):.6g}")


def slips(value: Fraction) -> tuple[str, ...]:
    """Mistakes that are easily made: a carry, a place, two digits swapped, one off."""
    step = 10 if abs(value) >= 20 else 1
    guesses = [value + step, value * 10, value - step, value + 1]
    digits = str(abs(value.numerator))
    if value.denominator == 1 and 2 <= len(digits) <= 18:
        swapped = int(digits[:-2] + digits[-1] + digits[-2])
        guesses.insert(0, Fraction(swapped if value >= 0 else -swapped))
    right = show(value)
    return tuple(dict.fromkeys(shown for shown in map(show, guesses) if shown != right))
