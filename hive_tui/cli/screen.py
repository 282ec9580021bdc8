"""`hive`: the screen. The command line is checked, the first frame painted, the core started, and only then the rest
is imported."""

from __future__ import annotations

import gc
import os
import sys

from hive_tui.cli.open_files import check_open_files
from hive_tui.cli.options import question, run_options
from hive_tui.cli.parser import Parsed, UsageError
from hive_tui.config.errors import ConfigError
from hive_tui.config.options import RunOptions
from hive_tui.config.paths import Paths, paths
from hive_tui.tui import chrome, firstframe
from hive_tui.tui.firstframe import FirstFrame, Placed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from socket import socket

    from hive_tui.recording.navigation.walker import Place, Walker
    from hive_tui.recording.timeline import Timeline
    from hive_tui.tui.app import HiveApp


def main(parsed: Parsed) -> int:
    """Raises UsageError, before the terminal is touched."""
    options, text = wishes(parsed)
    try:
        check_open_files()
        folders = paths()
    except ConfigError as error:
        return refuse(error)
    stages = firstframe.planned_stages(folders.profiles, options.profile, options.plan)
    first = firstframe.paint(folders.config, stages)
    if first is None:
        raise UsageError('needs a terminal for its screen; without one: hive ask "your question"')
    return open_screen(first, folders, stages, options, text or "", options if parsed.has_options() else None)


def moment_lines(timeline: Timeline, walker: Walker) -> list[Placed]:
    """What the screen shows first of a recorded run at the walker's place. Standard error is a terminal."""
    from hive_tui.tui import firstmoment

    width, height = firstframe.size_of(os.environ, firstframe.OUTPUT)
    return firstmoment.lines(width, height, firstmoment.Moment(timeline, walker.place, walker.state))


def look_back(folder: Path, place: Place | None, stages: tuple[str, ...], shown: Sequence[Placed]) -> int:
    """The screen on a recorded run, standing at its end or at a place, behind what is `shown` of it first; standard
    input and error are a terminal.

    Raises FolderError.
    """
    from pathlib import Path

    folders = paths()
    first = firstframe.paint(folders.config, shown=shown)
    assert first is not None
    within = folder.parent.resolve() == Path(folders.runs).resolve()
    run = folder.name if within else str(folder.resolve())
    return open_screen(first, folders, stages[: len(chrome.PIPELINE)], RunOptions(), opened=(run, place))


def open_screen(
    first: FirstFrame,
    folders: Paths,
    stages: tuple[str, ...],
    options: RunOptions,
    text: str = "",
    checked: RunOptions | None = None,
    opened: tuple[str, Place | None] | None = None,
) -> int:
    """Start the core, and the rest of the screen behind the first picture. `checked` are options to be refused before
    the screen stands, `opened` a recorded run and where in it one begins."""
    gc.disable()  # Until all is imported: nothing of it is garbage, and looking through it cost 45 ms of the start.
    from hive_tui.cli.interrupts import Held
    from hive_tui.core.spawning import spawn_core

    with Held():
        core = spawn_core(os.environ)
        without_ssl()
        if checked is not None:
            try:
                check(checked, folders)
            except ConfigError as error:
                first.restore()
                pid, end = core
                end.close()
                os.waitpid(pid, 0)
                return refuse(error)
        app = application(first, core, options, folders, stages, text, opened)
    return show(first, app)


def refuse(error: ConfigError) -> int:
    """Say why there is no screen; the exit code."""
    from hive_tui.cli import refusing

    return refusing.refuse("hive", error)


def without_ssl() -> None:
    """Import asyncio as in a Python that was built without TLS: the screen has no use for it.

    It costs 15 ms of the start and 4 MB. Whoever imports ssl itself, later, gets it all the same.
    """
    if "asyncio" not in sys.modules:
        sys.modules["ssl"] = None  # type: ignore[assignment]
        import asyncio  # noqa: F401

        del sys.modules["ssl"]


def wishes(parsed: Parsed) -> tuple[RunOptions, str | None]:
    """The options, and the question if there is one. Raises UsageError."""
    return run_options(parsed), question(parsed.words)


def check(options: RunOptions, folders: Paths) -> None:
    """What the options ask for can be had. Raises ConfigError.

    A profile that nobody named on the command line is not looked at here: what is wrong in it, the screen says.
    """
    from hive_tui.config.profile import DEFAULT
    from hive_tui.config.profile_file import load_profile
    from hive_tui.config.resolve import resolve
    from hive_tui.config.secrets import Secrets

    resolve("", options, load_profile(folders, options.profile or DEFAULT), Secrets(folders.keys))


def application(
    first: FirstFrame,
    core: tuple[int, socket],
    options: RunOptions,
    folders: Paths,
    stages: tuple[str, ...],
    text: str,
    opened: tuple[str, Place | None] | None = None,
) -> HiveApp:
    """Textual's part of the screen, ready to take the terminal over."""
    # Read once, when Textual is imported. Its own frames show keys, and at 120 they wait twice as long as at 250.
    os.environ["TEXTUAL_FPS"] = "250"
    from hive_tui.tui.app import HiveApp
    from hive_tui.tui.core_session import CoreSession
    from hive_tui.tui.live.driver import driver_for

    return HiveApp(
        CoreSession(*core, options, folders),
        folders,
        theme=firstframe.chosen_theme(folders.config),
        theme_folders=firstframe.theme_folders(folders.config),
        roles=stages,
        question=text,
        typed=lambda: first.typed,
        driver_class=driver_for(first),
        opened=opened,
    )


def show(first: FirstFrame, app: HiveApp) -> int:
    """Run the screen until the person quits."""
    gc.freeze()
    gc.enable()
    app.run()
    first.restore()
    if said := crash_line(app.crash_report, app.crash_fault):
        print(said, file=sys.stderr)
    return app.return_code or 0


def crash_line(report: Path | None, fault: str) -> str:
    """What is said of a crash: where its report lies, or why there is none; empty when there was no crash."""
    if report is not None:
        return f"hive: the screen crashed. A report, without your texts: {report}"
    return f"hive: the screen crashed, and {fault}" if fault else ""
