"""Units: lengths, masses, volumes, speeds, areas, times, data, temperatures. Factors are the exact definitions."""

from __future__ import annotations

import re
from fractions import Fraction

from hive_tui.simulator.knowledge.finding import Finding
from hive_tui.simulator.knowledge.quantity import NUMBER, is_exact, read, rounded, show, slips

_TABLE = """
length   m metre metres meter meters                       1
length   km kilometre kilometres kilometer kilometers      1000
length   cm centimetre centimetres centimeter centimeters  0.01
length   mm millimetre millimetres millimeter millimeters  0.001
length   mi mile miles                                     1609.344
length   yd yard yards                                     0.9144
length   ft foot feet                                      0.3048
length   in inch inches                                    0.0254
length   nmi nautical-mile nautical-miles                  1852
length   ly light-year light-years                         9460730472580800
mass     kg kilogram kilograms kilo kilos                  1
mass     g gram grams                                      0.001
mass     mg milligram milligrams                           0.000001
mass     t tonne tonnes                                    1000
mass     lb lbs pound pounds                               0.45359237
mass     oz ounce ounces                                   0.028349523125
mass     st stone stones                                   6.35029318
volume   l litre litres liter liters                       1
volume   ml millilitre millilitres milliliter milliliters  0.001
volume   gal gallon gallons                                3.785411784
volume   pt pint pints                                     0.473176473
volume   cup cups                                          0.2365882365
speed    m/s                                               1
speed    km/h kph kmh                                      5/18
speed    mph                                               0.44704
speed    kn knot knots                                     463/900
area     m2 m²                                             1
area     ha hectare hectares                               10000
area     acre acres                                        4046.8564224
area     km2 km²                                           1000000
time     s sec second seconds                              1
time     min minute minutes                                60
time     h hr hour hours                                   3600
time     d day days                                        86400
time     wk week weeks                                     604800
data     b byte bytes                                      1
data     kb kilobyte kilobytes                             1000
data     kib                                               1024
data     mb megabyte megabytes                             1000000
data     mib                                               1048576
data     gb gigabyte gigabytes                             1000000000
data     gib                                               1073741824
data     tb terabyte terabytes                             1000000000000
data     tib                                               1099511627776
"""

_UNITS: dict[str, tuple[str, str, Fraction]] = {}
"""Name -> kind, symbol, factor to the kind's base unit."""
for _line in _TABLE.split("\n"):
    _words = _line.split()
    for _name in _words[1:-1]:
        _UNITS[_name] = (_words[0], _words[1], Fraction(_words[-1]))

_DEGREES = {"c": "C", "celsius": "C", "f": "F", "fahrenheit": "F", "k": "K", "kelvin": "K"}
_UNIT = "|".join(sorted(map(re.escape, [*_UNITS, *_DEGREES]), key=len, reverse=True))
_PATTERNS = (
    rf"(?P<n>{NUMBER}) ?(?:degrees? |° ?)?(?P<a>{_UNIT})\b (?:to|in|into|as) (?:degrees? |° ?)?(?P<b>{_UNIT})(?![\w/])",
    rf"how many (?P<b>{_UNIT}) (?:are |is |make |fit )?(?:there )?(?:in|into|equal)?(?: to)? ?"
    rf"(?P<n>{NUMBER}|an?|one) ?(?:degrees? |° ?)?(?P<a>{_UNIT})(?![\w/])",
)


def find(question: str) -> Finding | None:
    """The conversion that the question asks for."""
    text = re.sub(r"\s+", " ", question.casefold())[:2000]
    text = text.replace("light year", "light-year").replace("nautical mile", "nautical-mile")
    for pattern in _PATTERNS:
        for match in re.finditer(pattern, text):
            amount = Fraction(1) if match["n"] in ("a", "an", "one") else read(match["n"])
            found = _degrees(amount, match["a"], match["b"]) or _convert(amount, match["a"], match["b"])
            if found is not None:
                return found
    return None


def _convert(amount: Fraction, source: str, target: str) -> Finding | None:
    if source not in _UNITS or target not in _UNITS or _UNITS[source][0] != _UNITS[target][0]:
        return None
    kind, a, factor = _UNITS[source]
    _, b, divisor = _UNITS[target]
    ratio = factor / divisor
    value = rounded(amount * ratio)
    inverse = show(rounded(amount / ratio))
    rows = tuple((f"{show(n)} {a}", f"{show(rounded(n * ratio))} {b}") for n in map(Fraction, (1, 2, 5, 10, 100)))
    return Finding(
        "Units",
        f"{show(amount)} {a} in {b}",
        f"{show(amount)} {a} {'is' if is_exact(amount * ratio) else 'is about'} {{value}} {b}.",
        show(value),
        tuple(dict.fromkeys(w for w in (inverse, *slips(value)) if w != show(value))),
        (f"One {a} is {show(rounded(ratio))} {b}.", f"{show(amount)} times that is {{value}} {b}."),
        (
            (f"{kind.capitalize()} in {a}", f"in {b}"),
            *(row for row in rows if row[0] != f"{show(amount)} {a}"),
        ),
        note=f"The factor between {a} and {b} is exact by definition; I rounded to six significant digits.",
    )


def _degrees(amount: Fraction, source: str, target: str) -> Finding | None:
    if source not in _DEGREES or target not in _DEGREES or _DEGREES[source] == _DEGREES[target]:
        return None
    a, b = _DEGREES[source], _DEGREES[target]
    celsius = {"C": amount, "F": (amount - 32) * 5 / 9, "K": amount - Fraction("273.15")}[a]
    value = rounded({"C": celsius, "F": celsius * 9 / 5 + 32, "K": celsius + Fraction("273.15")}[b])
    forgot = rounded(amount * 9 / 5 if b == "F" else amount * 5 / 9 if a == "F" else amount + 273)
    sign = {"C": "°C", "F": "°F", "K": "K"}
    wrong = tuple(dict.fromkeys(w for w in (show(forgot), *slips(value)) if w != show(value)))
    steps = {
        "CF": "Multiply by 9/5, then add 32.",
        "FC": "Subtract 32, then multiply by 5/9.",
        "CK": "Add 273.15.",
        "KC": "Subtract 273.15.",
        "FK": "Subtract 32, multiply by 5/9, add 273.15.",
        "KF": "Subtract 273.15, multiply by 9/5, add 32.",
    }
    sentence = f"{show(amount)} {sign[a]} is {{value}} {sign[b]}."
    return Finding("Units", f"{show(amount)} {sign[a]} in {sign[b]}", sentence, show(value), wrong, (steps[a + b],))
