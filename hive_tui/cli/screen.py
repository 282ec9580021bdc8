"""`hive`: the screen. The command line is checked, the first frame painted, the core started, and only then the rest
is imported."""

from __future__ import annotations

import os

from hive_tui.cli.options import question, run_options
from hive_tui.cli.parser import Parsed, UsageError
from hive_tui.config.options import RunOptions
from hive_tui.config.paths import Paths, paths
from hive_tui.tui import chrome, firstframe
from hive_tui.tui.firstframe import FirstFrame


def main(parsed: Parsed) -> int:
    """Raises UsageError, before the terminal is touched; ConfigError for what the command line's options lead to."""
    options, text = wishes(parsed)
    folders = paths()
    first = take_terminal(folders, options)

    from hive_tui.core.client import spawn

    pid, end = spawn(os.environ)
    if parsed.has_options():
        from hive_tui.cli.dispatch import refuse
        from hive_tui.config.errors import ConfigError

        try:
            check(options, folders)
        except ConfigError as error:
            end.close()
            first.restore()
            os.waitpid(pid, 0)
            return refuse("hive", error)

    from hive_tui.tui.app import run

    return run(first, (pid, end), options, folders, text)


def wishes(parsed: Parsed) -> tuple[RunOptions, str | None]:
    """The options, and the question if there is one. Raises UsageError."""
    return run_options(parsed), question(parsed.words)


def take_terminal(folders: Paths, options: RunOptions) -> FirstFrame:
    """Show the layout that Textual then paints too. Raises UsageError without a terminal."""
    stages = ("generator",) if options.plan == "single" else chrome.PIPELINE
    first = firstframe.paint(folders.config, stages)
    if first is None:
        raise UsageError('needs a terminal for its screen; without one: hive ask "your question"')
    return first


def check(options: RunOptions, folders: Paths) -> None:
    """What the options ask for can be had. Raises ConfigError.

    A profile that nobody named on the command line is not looked at here: what is wrong in it, the screen says.
    """
    from hive_tui.config.profile import DEFAULT
    from hive_tui.config.profile_file import load_profile
    from hive_tui.config.resolve import resolve
    from hive_tui.config.secrets import Secrets

    resolve("", options, load_profile(folders, options.profile or DEFAULT), Secrets(folders.keys))
