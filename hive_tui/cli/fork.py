"""`hive fork RUN --at PLACE --set ...`: a recorded run goes on from a place, with something changed, as another."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hive_tui.cli.ask import refuse, report
from hive_tui.cli.document import refusal
from hive_tui.cli.exits import DISK, NO_ANSWER, UNUSABLE
from hive_tui.cli.options import run_options
from hive_tui.cli.parser import Parsed, UsageError
from hive_tui.cli.progress import Progress
from hive_tui.cli.recordings import opened, place_in, run_folder
from hive_tui.config.errors import ConfigError, FolderError
from hive_tui.config.forking import Change, SetError, forked, parse_change
from hive_tui.config.options import RunOptions
from hive_tui.config.paths import Paths, ensure_folder, paths
from hive_tui.config.profile_file import load_profile
from hive_tui.config.secrets import Secrets
from hive_tui.core import headless
from hive_tui.core.client import CoreDiedError
from hive_tui.core.commands import Fork, Refused
from hive_tui.events import ErrorInfo, RunStarted
from hive_tui.models.prefix import NONE, WAYS
from hive_tui.recording.navigation.places import PlaceError, Where, parse


def main(parsed: Parsed) -> int:
    """Raises UsageError."""
    if len(parsed.words) != 1:
        raise UsageError("which run? hive fork RUN --at PLACE --set stages.refiner.model=NAME")
    place = parsed.value("--at")
    if place is None:
        raise UsageError("from where? --at PLACE, such as stage:refiner, 50% or start")
    try:
        where = parse(place)
        changes = [parse_change(text) for text in parsed.values("--set")]
    except PlaceError as error:
        raise UsageError(f"--at {error}") from error
    except SetError as error:
        raise UsageError(f"--set {error}") from error
    prefix = parsed.value("--prefix") or ""
    if prefix not in ("", NONE, *WAYS):
        raise UsageError(f"--prefix {prefix}: expected {', '.join((NONE, *WAYS[:-1]))} or {WAYS[-1]}")
    options, as_json = run_options(parsed), parsed.has("--json")
    progress = Progress(sys.stderr)
    try:
        here = paths()
        command = _command(parsed.words[0], where, changes, options, here, prefix)
        ensure_folder(here.runs)
        registry = Path(ensure_folder(here.runtime)) / "rings"
        result = headless.ask(command, Path(here.runs), registry, os.environ, progress)
    except ConfigError as error:
        result = Refused(refusal(error), DISK if isinstance(error, FolderError) else UNUSABLE)
    except CoreDiedError as error:
        result = Refused(ErrorInfo("core", str(error), advice="`hive doctor` looks for the cause"), NO_ANSWER)
    if isinstance(result, Refused):
        return refuse(result, None, options, as_json, "hive fork")
    progress.end(result.state)
    return report(result, as_json, "hive fork")


def _command(name: str, where: Where, changes: list[Change], options: RunOptions, here: Paths, prefix: str) -> Fork:
    """Raises ConfigError."""
    folder = run_folder(name)
    with opened(folder) as timeline:
        place = place_in(timeline, folder, where)
        started = timeline.record(1).event
    if not isinstance(started, RunStarted):
        raise ConfigError("its first event does not say what was asked", str(folder), "`hive verify` names its faults")
    profile = load_profile(here, options.profile or started.profile)
    request = forked(started, changes, options, profile, Secrets(here.keys))
    return Fork(str(folder.resolve()), request, place.seq, place.chunks, prefix)
