"""Reads a command line by a table of its options. Standard library's argparse would cost the first frame 10 ms."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final


class UsageError(Exception):
    """The command line is wrong: exit 2. The text says what, and what to do."""


class Option:
    """One `--flag` of a command."""

    __slots__ = ("flag", "help", "metavar", "repeatable")
    flag: Final[str]
    metavar: Final[str]
    """Name of its value in the help; empty for a switch."""
    help: Final[str]
    repeatable: Final[bool]
    """Whether each value counts; else the last one does, so that an alias can be overridden."""

    def __init__(self, flag: str, metavar: str, help: str, *, repeatable: bool = False) -> None:
        self.flag = flag
        self.metavar = metavar
        self.help = help
        self.repeatable = repeatable


class Command:
    """What one command takes, and what its help says."""

    __slots__ = ("about", "name", "operands", "options", "summary")
    name: Final[str]
    """Empty for the screen itself."""
    operands: Final[str]
    """How the words after the options are called in the help; empty when there may be none."""
    summary: Final[str]
    options: Final[tuple[Option, ...]]
    about: Final[str]

    def __init__(self, name: str, operands: str, summary: str, options: tuple[Option, ...], about: str = "") -> None:
        self.name = name
        self.operands = operands
        self.summary = summary
        self.options = options
        self.about = about


class Parsed:
    """A command line, taken apart; values are as they were typed."""

    __slots__ = ("_values", "literal", "words")

    def __init__(self) -> None:
        self.words: list[str] = []
        """Everything that is no option."""
        self.literal = False
        """Whether the first of the words stood after `--`: then it is never the name of a command."""
        self._values: dict[str, list[str]] = {}

    def has(self, flag: str) -> bool:
        return flag in self._values

    def has_options(self) -> bool:
        return bool(self._values)

    def value(self, flag: str) -> str | None:
        values = self._values.get(flag)
        return values[-1] if values else None

    def values(self, flag: str) -> tuple[str, ...]:
        return tuple(self._values.get(flag, ()))

    def add(self, flag: str, value: str) -> None:
        self._values.setdefault(flag, []).append(value)


STANDARD = (
    Option("--help", "", "show this help"),
    Option("--version", "", "show the version"),
)


def parse(command: Command, argv: Sequence[str]) -> Parsed:
    """Take the command line apart. Raises UsageError."""
    options = {option.flag: option for option in command.options + STANDARD}
    parsed = Parsed()
    rest = list(argv)
    rest.reverse()
    while rest:
        word = rest.pop()
        if word == "--":
            parsed.literal = not parsed.words
            parsed.words += reversed(rest)
            break
        if word[:1] != "-" or word == "-" or word[1:2].isdigit():
            parsed.words.append(word)
            continue
        flag, equals, value = word.partition("=")
        option = options.get("--help" if flag == "-h" else flag)
        if option is None:
            raise UsageError(_unknown(flag, options, command))
        if not option.metavar:
            if equals:
                raise UsageError(f"{flag} takes no value, got {value!r}")
            parsed.add(option.flag, "")
            continue
        if not equals:
            if not rest or rest[-1].partition("=")[0] in options or rest[-1] == "--":
                raise UsageError(f"{flag} needs a value: {flag} {option.metavar}")
            value = rest.pop()
        if not value.strip():
            raise UsageError(f"{flag} needs a value that is not empty: {flag} {option.metavar}")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise UsageError(f"{flag}: expected valid UTF-8, got {value!r}") from None
        parsed.add(flag, value)
    if parsed.words and not command.operands and not (parsed.has("--help") or parsed.has("--version")):
        raise UsageError(f"takes no words, got {parsed.words[0]!r}")
    return parsed


def _unknown(flag: str, options: dict[str, Option], command: Command) -> str:
    near = nearest(flag, options)
    if near:
        return f"there is no option {flag}; did you mean {near}?"
    name = f"hive {command.name}".rstrip()
    dash = " A question that begins with a dash goes after --" if "QUESTION" in command.operands else ""
    return f"there is no option {flag}; {name} --help lists them.{dash}"


def nearest(word: str, known: Sequence[str] | dict[str, Option]) -> str:
    """The known word that a typing error would turn into this one; empty when none is near."""
    import difflib

    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.7)), "")
