"""The command line's grammar, by table: what is taken, what is refused, and in which words."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.cli.commands import ASK, DOCTOR, RUNS, SCREEN, SUBCOMMANDS, help_text
from hive_tui.cli.exits import TABLE
from hive_tui.cli.parser import Command, UsageError, parse


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ([], []),
        (["why", "not"], ["why", "not"]),
        (["why", "--plan", "single", "not"], ["why", "not"]),
        (["-"], ["-"]),
        (["what", "is", "-5", "+", "3"], ["what", "is", "-5", "+", "3"]),
        (["--", "--model", "-h"], ["--model", "-h"]),
        (["a", "--", "b", "--", "c"], ["a", "b", "--", "c"]),
        ([""], [""]),
    ],
)
def test_words_are_what_is_no_option(argv: list[str], words: list[str]) -> None:
    assert parse(ASK, argv).words == words


def test_options_take_a_value_behind_them_or_after_an_equals_sign() -> None:
    parsed = parse(ASK, ["--model=a=b", "--model", "c", "--timeout", "-5", "--json", "--plan", "x", "--plan=y"])
    assert parsed.values("--model") == ("a=b", "c")
    assert parsed.value("--timeout") == "-5"
    assert parsed.value("--plan") == "y", "the last one counts"
    assert parsed.has("--json")
    assert not parsed.has("--profile")
    assert parsed.value("--profile") is None


@pytest.mark.parametrize(
    ("argv", "literal"), [(["--", "doctor"], True), (["doctor"], False), (["a", "--", "b"], False)]
)
def test_two_dashes_before_the_words_make_them_literal(argv: list[str], literal: bool) -> None:
    assert parse(SCREEN, argv).literal is literal


@pytest.mark.parametrize(
    ("command", "argv", "expected"),
    [
        (ASK, ["--modle", "x"], "there is no option --modle; did you mean --model?"),
        (ASK, ["--zzz"], "there is no option --zzz; hive ask --help lists them. A question that begins with a dash"),
        (SCREEN, ["--json"], "there is no option --json; hive --help lists them"),
        (RUNS, ["-x"], "there is no option -x; hive runs --help lists them"),
        (ASK, ["--model"], "--model needs a value: --model NAME"),
        (ASK, ["--model", "--json"], "--model needs a value"),
        (ASK, ["--model", "--plan=single"], "--model needs a value"),
        (ASK, ["--model="], "--model needs a value that is not empty"),
        (ASK, ["--model", " "], "--model needs a value that is not empty"),
        (ASK, ["--json=yes"], "--json takes no value, got 'yes'"),
        (DOCTOR, ["now"], "takes no words, got 'now'"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(command: Command, argv: list[str], expected: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse(command, argv)
    assert str(refusal.value).startswith(expected)


@given(st.lists(st.text(max_size=12)))
def test_any_command_line_is_taken_apart_or_refused(argv: list[str]) -> None:
    with suppress(UsageError):
        parse(ASK, argv)


@given(st.lists(st.text(max_size=12)))
def test_behind_two_dashes_everything_is_a_word(words: list[str]) -> None:
    assert parse(ASK, ["--", *words]).words == words


@pytest.mark.parametrize("command", [SCREEN, *SUBCOMMANDS.values()], ids=lambda command: command.name or "screen")
def test_every_help_names_its_options_and_the_one_table_of_exit_codes(command: Command) -> None:
    text = help_text(command)
    assert all(f"  {option.flag}" in text for option in command.options)
    assert all(f"  {code:<3}  {meaning}" in text for code, meaning in TABLE)
    assert max(map(len, text.splitlines())) <= 100
