"""Opens the run that a command names, and says of one that cannot be opened what is wrong with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hive_tui.cli.plaintext import harmless, one_line
from hive_tui.config.errors import ConfigError
from hive_tui.config.paths import paths
from hive_tui.recording.folder import MARKERS, NoSuchRunError, find_run
from hive_tui.recording.format import DamagedError
from hive_tui.recording.navigation.markers import MarkerError, read_markers
from hive_tui.recording.navigation.places import PlaceError, Where, resolve
from hive_tui.recording.navigation.walker import Place
from hive_tui.recording.timeline import Timeline
from hive_tui.wire import WireError


def run_folder(name: str) -> Path:
    """The folder of a run by whatever name a person has for it. Raises ConfigError."""
    try:
        return find_run(Path(paths().runs), name)
    except NoSuchRunError as error:
        raise ConfigError(str(error), "run") from error
    except OSError as error:
        raise ConfigError(f"cannot be looked up: {error.strerror}", one_line(name)) from error


@contextmanager
def opened(folder: Path) -> Iterator[Timeline]:
    """The run's timeline; damage that is met on the way becomes a ConfigError, or is told at the end when the rest
    could be read without."""
    with damage_told(folder):
        timeline = Timeline(folder)
        try:
            if not timeline.last_seq:
                what = "is empty" if timeline.blocks.complete else "not even the run's beginning can be read"
                raise ConfigError(what, str(folder), "`hive verify` names what is wrong with it")
            yield timeline
            for error in timeline.blocks.damaged.values():
                print(harmless(f"warning: {folder}: {error}; question marks stand for their texts"), file=sys.stderr)
        finally:
            timeline.close()


@contextmanager
def damage_told(folder: Path) -> Iterator[None]:
    """What is met in a recording that cannot be read becomes a ConfigError."""
    try:
        yield
    except (DamagedError, WireError) as error:
        todo = (
            "`hive verify` names every fault; what stands before can be named with --until, or saved by `hive repair`"
        )
        raise ConfigError(f"cannot be read: {error}", str(folder), todo) from error
    except BrokenPipeError:
        raise  # of stdout: no recording is a pipe
    except FileNotFoundError as error:
        raise ConfigError("the recording is gone; somebody removed it", str(folder)) from error
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", error.filename or str(folder)) from error


def place_in(timeline: Timeline, folder: Path, where: Where) -> Place:
    """Where that is in this run. Raises ConfigError; DamagedError, WireError and OSError of what is read."""
    try:
        markers = read_markers(folder, timeline.blocks.header.run) if where.kind == "marker" else ()
        return resolve(where, timeline, {each.name: each.place for each in markers})
    except PlaceError as error:
        raise ConfigError(error.what, error.where, error.todo) from error
    except MarkerError as error:
        raise ConfigError(str(error), str(folder / MARKERS)) from error
