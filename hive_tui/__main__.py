"""The command `hive`: finds out what is asked for and hands over. Imports nothing heavy.

Without a subcommand the way to the first frame is as short as it can be: the command line, the picture in plain escape
codes, and only then the core's process, Textual and all else (`cli.screen`).
"""

from __future__ import annotations

import sys

from hive_tui.cli.commands import SCREEN, SIMULATE, SUBCOMMANDS, help_text
from hive_tui.cli.exits import CANCELLED, UNUSABLE, USAGE
from hive_tui.cli.parser import Command, Parsed, UsageError, nearest, parse


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code; `None` takes the process's own."""
    if None in (sys.stdin, sys.stdout, sys.stderr):
        from hive_tui.cli import streams

        streams.reopen()
    words = helped(sys.argv[1:] if argv is None else argv)
    if not sys.platform.startswith(("linux", "darwin")):
        print(f"hive: runs on Linux and macOS; this is {sys.platform}. On Windows, run it inside WSL", file=sys.stderr)
        return UNUSABLE
    command = SUBCOMMANDS.get(words[0], SCREEN) if words else SCREEN
    try:
        if command is SIMULATE:
            from hive_tui.cli import dispatch

            return dispatch.simulate(words[1:])
        parsed = parse(command, words if command is SCREEN else words[1:])
        if parsed.has("--help"):
            return show(help_text(command))
        if parsed.has("--version"):
            from hive_tui import __version__

            return show(f"hive {__version__}")
        return run(command, parsed)
    except UsageError as error:
        from hive_tui.cli.plaintext import harmless

        name = f"hive {command.name}".rstrip()
        print(harmless(f"{name}: {error}"), file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return CANCELLED


def helped(words: list[str]) -> list[str]:
    """`hive help` and `hive help COMMAND` as the options that they mean; nobody wants to send a model the word."""
    if words[:1] == ["help"] and (len(words) == 1 or (len(words) == 2 and words[1] in SUBCOMMANDS)):
        return [*words[1:], "--help"]
    return words


def run(command: Command, parsed: Parsed) -> int:
    if command is SCREEN:
        refuse_commands(parsed)
        from hive_tui.cli import screen

        return screen.main(parsed)
    from hive_tui.cli import dispatch

    return dispatch.run(command.name, parsed)


def refuse_commands(parsed: Parsed) -> None:
    """A command behind options, or mistyped, is never sent to a model as a question. Raises UsageError."""
    words = parsed.words
    if not words or parsed.literal:
        return
    if words[0] in SUBCOMMANDS:
        raise UsageError(f"the command comes first: hive {words[0]} ...; to ask it: hive -- {words[0]}")
    if len(words) == 1 and words[0].isalpha():
        near = nearest(words[0], tuple(SUBCOMMANDS))
        if near:
            raise UsageError(f"did you mean hive {near}? To ask it as a question: hive -- {words[0]}")


def show(text: str) -> int:
    from hive_tui.cli import dispatch

    return dispatch.show(text)


if __name__ == "__main__":
    sys.exit(main())
