"""Arithmetic: an own parser of expressions, bounded in every direction, and the word problems around it."""

from __future__ import annotations

import math
import re
from fractions import Fraction

from hive_tui.simulator.knowledge.finding import Finding
from hive_tui.simulator.knowledge.quantity import TIMES, is_exact, show, slips

_BITS = 20_000
"""Largest result, in bits."""
_DEPTH = 60
_WORDS = (
    (r"\bsquare root of\b", " sqrt "),
    (r"\bcube root of\b", " cbrt "),
    (r"√", " sqrt "),
    (r"\bto the power of\b|\braised to(?: the)?\b|\*\*", "^"),
    (r"\bsquared\b|²", "^2"),
    (r"\bcubed\b|³", "^3"),
    (r"\bmultiplied by\b|\btimes\b|\u00d7|·|(?<=\d)\s*x\s*(?=\d)", "*"),
    (r"\bdivided by\b|÷", "/"),
    (r"\bplus\b", "+"),
    (r"\bminus\b|\u2212|\u2013", "-"),
    (r"\bmodulo\b|\bmod\b", "%"),
    (r"\bfactorial of\s+(\d+)", r"(\1!)"),
    (r"(\d+)\s+factorial\b", r"(\1!)"),
    (r"\bper\s?cent of\b|%\s*of\b", " percentof "),
)
_TOKEN = re.compile(r"\d[\d,]*\.?\d*|sqrt|cbrt|percentof|[-+*/^%!()]")
_SPAN = re.compile(r"(?:\d[\d,]*\.?\d*|sqrt|cbrt|percentof|[-+*/^%!()]|\s)+")


class NoExpression(ValueError):
    """The text is no expression, or its value is out of bounds."""


def evaluate(text: str) -> Fraction:
    """The value of an expression with + - * / ^ % ! ( ), sqrt, cbrt and percentof. Raises `NoExpression`."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != re.sub(r"\s", "", text) or len(tokens) > 400:
        raise NoExpression(text)
    return _Parser(tokens).whole()


class _Parser:
    """Recursive descent; `^` binds to the right, `!` tightest."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = [*tokens, ""]
        self._at = 0
        self._depth = 0

    def whole(self) -> Fraction:
        value = self._sum()
        if self._peek():
            raise NoExpression(self._peek())
        return value

    def _peek(self) -> str:
        return self._tokens[self._at]

    def _take(self, *wanted: str) -> str:
        token = self._peek()
        if token and token in wanted:
            self._at += 1
            return token
        return ""

    def _sum(self) -> Fraction:
        self._depth += 1
        if self._depth > _DEPTH:
            raise NoExpression("nested too deep")
        value = self._product()
        while sign := self._take("+", "-"):
            other = self._product()
            value = value + other if sign == "+" else value - other
        self._depth -= 1
        return value

    def _product(self) -> Fraction:
        value = self._unary()
        while sign := self._take("*", "/", "%", "percentof"):
            other = self._unary()
            if sign in "/%" and other == 0:
                raise NoExpression("division by zero")
            match sign:
                case "*":
                    value = value * other
                case "/":
                    value = value / other
                case "%":
                    value = value % other
                case _:
                    value = value * other / 100
            _bounded(value)
        return value

    def _unary(self) -> Fraction:
        negative = False
        while sign := self._take("-", "+"):
            negative ^= sign == "-"
        value = self._power()
        return -value if negative else value

    def _power(self) -> Fraction:
        base = self._postfix()
        if not self._take("^"):
            return base
        self._depth += 1
        if self._depth > _DEPTH:
            raise NoExpression("nested too deep")
        exponent = self._unary()
        self._depth -= 1
        return _raise(base, exponent)

    def _postfix(self) -> Fraction:
        value = self._atom()
        while self._take("!"):
            if value.denominator != 1 or not 0 <= value <= 1000:
                raise NoExpression("factorial out of bounds")
            value = Fraction(math.factorial(value.numerator))
        return value

    def _atom(self) -> Fraction:
        if root := self._take("sqrt", "cbrt"):
            return _root(self._postfix(), 2 if root == "sqrt" else 3)
        if self._take("("):
            value = self._sum()
            if not self._take(")"):
                raise NoExpression("missing )")
            return value
        token = self._peek()
        if not token or not token[0].isdigit() or len(token) > 400:
            raise NoExpression(token or "unexpected end")
        self._at += 1
        return Fraction(token.replace(",", ""))


def _bounded(value: Fraction) -> Fraction:
    if value.numerator.bit_length() > _BITS or value.denominator.bit_length() > _BITS:
        raise NoExpression("result too large")
    return value


def _raise(base: Fraction, exponent: Fraction) -> Fraction:
    size = max(base.numerator.bit_length(), base.denominator.bit_length())
    if base == 0 and exponent < 0:
        raise NoExpression("division by zero")
    if exponent.denominator == 1:
        if abs(exponent.numerator) * size > _BITS:
            raise NoExpression("result too large")
        return Fraction(base**exponent.numerator)
    if base < 0:
        raise NoExpression("root of a negative number")
    return _from_float(lambda: float(base) ** float(exponent))


def _root(value: Fraction, degree: int) -> Fraction:
    if value < 0:
        raise NoExpression("root of a negative number")
    if value.denominator == 1:
        guess = math.isqrt(value.numerator) if degree == 2 else round(float(_small(value)) ** (1 / 3))
        if guess**degree == value.numerator:
            return Fraction(guess)
    return _from_float(lambda: float(_small(value)) ** (1 / degree))


def _small(value: Fraction) -> Fraction:
    if value.numerator.bit_length() - value.denominator.bit_length() > 900:
        raise NoExpression("too large for a root")
    return value


def _from_float(compute: object) -> Fraction:
    assert callable(compute)
    try:
        return Fraction(compute())
    except (OverflowError, ValueError) as error:
        raise NoExpression("out of bounds") from error


def expression(question: str) -> tuple[str, Fraction] | None:
    """The longest expression in a question that has an operator, and its value."""
    text = question.casefold()
    for pattern, symbol in _WORDS:
        text = re.sub(pattern, symbol, text)
    best: tuple[str, Fraction] | None = None
    for span in _SPAN.findall(text[:2000]):
        words = span.strip().rstrip("-+*/^%(").strip()
        if not re.search(r"\d", words) or not re.search(r"\d\s*[-+*/^%!]|sqrt|cbrt|percentof", words):
            continue
        try:
            value = evaluate(words)
        except NoExpression:
            continue
        if best is None or len(words) > len(best[0]):
            best = (re.sub(r"\s+", " ", words), value)
    return best


def find(question: str) -> Finding | None:
    """What the question computes, if it is an expression."""
    found = expression(question)
    if found is None or re.search(r"\d{4}-\d{1,2}-\d{1,2}", question):
        return None
    words, value = found
    shown = re.sub(r"\s*percentof\s*", " % of ", words).replace("*", TIMES).replace("sqrt", "√").replace("cbrt", "∛")
    shown = re.sub(r"([√∛])\s*", r"\1", shown)
    verb = "is" if is_exact(value) else "is about"
    return Finding(
        topic="Arithmetic",
        subject=shown,
        sentence=f"{shown} {verb} {{value}}.",
        value=show(value),
        wrong=slips(value),
        steps=(f"Read the expression as `{shown}`.", *_order(words), "Work it out: the result is {value}."),
        code=_python(words),
        note="I took the usual precedence: brackets, powers, products, sums.",
    )


def _order(words: str) -> tuple[str, ...]:
    if "percentof" in words:
        share, _, whole = words.partition("percentof")
        return (
            f"Turn the percentage into a factor: {share.strip()} / 100.",
            f"Multiply it by {whole.strip()}.",
        )
    if re.search(r"[*/].*[-+]|[-+].*[*/]", words):
        return ("Products and quotients come before sums and differences.",)
    return ()


def _python(words: str) -> str:
    code = re.sub(r"\s*percentof\s*", " / 100 * ", words).replace("^", " ** ").replace(",", "")
    if "!" in code:
        return ""
    code = re.sub(r"sqrt\s*(\d[\d.]*|\()", lambda m: f"math.sqrt{m[1]}" if m[1] == "(" else f"math.sqrt({m[1]})", code)
    if "sqrt" in code or "cbrt" in code:
        return f"import math\nprint({code})" if "cbrt" not in code else ""
    return f"print({code})"
