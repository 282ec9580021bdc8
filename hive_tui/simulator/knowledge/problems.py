"""Word problems of simple kinds: percentages, averages, divisors, primes, distance and time, interest."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction

from hive_tui.simulator.knowledge.finding import Finding
from hive_tui.simulator.knowledge.quantity import NUMBER, TIMES, is_exact, read, show, slips

_N = rf"({NUMBER})"


def find(question: str) -> Finding | None:
    """The first kind of problem that the question is."""
    text = re.sub(r"\s+", " ", question.casefold())[:2000]
    text = re.sub(r"per ?cent\b", "%", text)
    for pattern, solve in _KINDS:
        match = re.search(pattern, text)
        if match is not None:
            found = solve(match)
            if found is not None:
                return found
    return None


def _number(subject: str, sentence: str, value: Fraction, *steps: str, code: str = "") -> Finding:
    if not is_exact(value):
        sentence = sentence.replace("is {value}", "is about {value}")
    return Finding("Arithmetic", subject, sentence, show(value), slips(value), steps, code=code)


def _change(match: re.Match[str]) -> Finding:
    verb, amount, percent = match[1], read(match[2]), read(match[3])
    sign = 1 if verb in ("increase", "raise", "grow") else -1
    value = amount * (100 + sign * percent) / 100
    factor = show(Fraction(100 + sign * percent, 100))
    return _number(
        f"{show(amount)} changed by {show(sign * percent)} %",
        f"{show(amount)} changed by {show(sign * percent)} % is {{value}}.",
        value,
        f"A change of {show(sign * percent)} % is a factor of {factor}.",
        f"{show(amount)} {TIMES} {factor} = {{value}}.",
        code=f"print({float(amount)} * {factor})",
    )


def _off(match: re.Match[str]) -> Finding:
    percent, amount = read(match[1]), read(match[2])
    value = amount * (100 - percent) / 100
    return _number(
        f"{show(percent)} % off {show(amount)}",
        f"With {show(percent)} % off, the price of {show(amount)} is {{value}}.",
        value,
        f"What stays is {show(100 - percent)} % of the price.",
        f"{show(amount)} {TIMES} {show((100 - percent) / 100)} = {{value}}.",
    )


def _share(match: re.Match[str]) -> Finding | None:
    named = match.groupdict()
    part, whole = read(named["part"]), read(named["whole"])
    if whole == 0:
        return None
    return _number(
        f"{show(part)} as a share of {show(whole)}",
        f"{show(part)} out of {show(whole)} is {{value}} %.",
        part / whole * 100,
        f"Divide the part by the whole: {show(part)} / {show(whole)}.",
        "Multiply by 100: {value} %.",
    )


def _listed(match: re.Match[str]) -> list[Fraction]:
    return [read(number) for number in re.findall(NUMBER, match[2])]


def _over_list(match: re.Match[str]) -> Finding | None:
    numbers = _listed(match)
    if len(numbers) < 2:
        return None
    name = "average" if match[1] in ("average", "mean") else match[1]
    ordered = sorted(numbers)
    middle = len(ordered) // 2
    values = {
        "average": sum(numbers, Fraction(0)) / len(numbers),
        "sum": sum(numbers, Fraction(0)),
        "product": math.prod(numbers, start=Fraction(1)),
        "median": ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2,
    }
    said = ", ".join(map(show, numbers))
    steps = {
        "average": (
            f"The numbers add up to {show(values['sum'])}.",
            f"There are {len(numbers)} of them: {{value}}.",
        ),
        "median": (f"In order: {', '.join(map(show, ordered))}.", "The middle is {value}."),
    }
    how = steps.get(name, (f"Take them one after another: {said}.", "That comes to {value}."))
    return _number(f"The {name} of {said}", f"The {name} of {said} is {{value}}.", values[name], *how)


def _divisor(match: re.Match[str]) -> Finding:
    greatest = match[1].startswith(("g", "highest"))
    a, b = int(read(match[2])), int(read(match[3]))
    value = Fraction(math.gcd(a, b) if greatest else math.lcm(a, b))
    name = "greatest common divisor" if greatest else "least common multiple"
    step = (
        f"Euclid: the remainder of {max(a, b)} by {min(a, b)} and so on."
        if greatest
        else f"{a} {TIMES} {b} over their gcd."
    )
    return _number(f"The {name} of {a} and {b}", f"The {name} of {a} and {b} is {{value}}.", value, step)


def _prime(match: re.Match[str]) -> Finding | None:
    number = int(read(match[1] or match[2]))
    if not 2 <= number <= 10**10:
        return None
    factor = next((at for at in range(2, math.isqrt(number) + 1) if number % at == 0), None)
    prime = factor is None
    return Finding(
        "Arithmetic",
        f"Is {number} prime?",
        f"{number} is {{value}}.",
        "a prime number" if prime else "a composite number",
        ("a composite number" if prime else "a prime number",),
        (f"Try the primes up to √{number} ≈ {math.isqrt(number)}.",),
    )


def _choose(match: re.Match[str]) -> Finding | None:
    n, k = int(read(match[1])), int(read(match[2]))
    if not 0 <= k <= n <= 1000:
        return None
    value = Fraction(math.comb(n, k))
    return _number(
        f"{n} choose {k}",
        f"The number of ways to choose {k} of {n} is {{value}}.",
        value,
        f"n! / (k! (n - k)!) with n = {n} and k = {k}.",
        code=f"import math\nprint(math.comb({n}, {k}))",
    )


def _speed(match: re.Match[str]) -> Finding | None:
    distance, unit, hours = read(match[1]), match[2], read(match[3])
    if hours == 0:
        return None
    per = {"km": "km/h", "kilometers": "km/h", "kilometres": "km/h"}.get(unit, "mph")
    return _number(
        "Average speed",
        f"The average speed is {{value}} {per}.",
        distance / hours,
        "Speed is distance over time.",
        f"{show(distance)} / {show(hours)} = {{value}}.",
    )


def _price(match: re.Match[str]) -> Finding:
    count, each = read(match[1]), read(match[3])
    return _number(
        f"{show(count)} {match[2]} at {show(each)} each",
        f"The price of {show(count)} {match[2]} is {{value}}.",
        count * each,
        f"{show(count)} {TIMES} {show(each)} = {{value}}.",
    )


def _interest(match: re.Match[str]) -> Finding | None:
    amount, rate, years = read(match[1]), read(match[2]), read(match[3])
    if years.denominator != 1 or not 0 <= years <= 200:
        return None
    value = Fraction(round(amount * (1 + rate / 100) ** years.numerator * 100), 100)
    return _number(
        "Compound interest",
        f"After {show(years)} years the balance is {{value}}.",
        value,
        f"Each year multiplies the balance by {show(1 + rate / 100)}.",
        f"{show(amount)} {TIMES} {show(1 + rate / 100)}^{show(years)} = {{value}}, rounded to cents.",
    )


_LIST = rf"({NUMBER}(?:(?:, and |, | and |,){NUMBER})+)"
_KINDS: tuple[tuple[str, Callable[[re.Match[str]], Finding | None]], ...] = (
    (rf"\b(increase|raise|grow|decrease|reduce|lower) [$€£]?{_N} by {_N} ?%", _change),
    (rf"{_N} ?% (?:off|discount on)(?: of| a price of)? [$€£]?{_N}", _off),
    (rf"(?P<part>{NUMBER}) (?:is|as) (?:what|a) (?:%|percentage) of (?P<whole>{NUMBER})", _share),
    (rf"what (?:%|percentage) of (?P<whole>{NUMBER}) is (?P<part>{NUMBER})", _share),
    (rf"\b(average|mean|median|sum|product) of (?:the numbers )?{_LIST}", _over_list),
    (
        rf"\b(gcd|greatest common divisor|highest common factor|lcm|least common multiple)"
        rf" (?:of |\()?{_N}(?: and |, ?){_N}",
        _divisor,
    ),
    (r"\bis (\d[\d,]*) (?:a )?prime|\bprime(?:ness)? of (\d[\d,]*)", _prime),
    (rf"\b{_N} choose {_N}", _choose),
    (rf"{_N} (km|kilometers|kilometres|miles) in {_N} hours?", _speed),
    (rf"{_N} (\w+) (?:that )?(?:cost|at) [$€£]?{_N} each", _price),
    (
        rf"[$€£]?{_N} at {_N} ?% (?:compound )?(?:interest|a year|per year|annually)[^.]*?(?:for|after) {_N} years",
        _interest,
    ),
)
