"""`hive repair RUN`: saves what is sound of a damaged recording, and says what was lost."""

from __future__ import annotations

import sys
from pathlib import Path

from hive_tui.cli.bulk import kernels_for
from hive_tui.cli.exits import DONE
from hive_tui.cli.parser import Parsed, UsageError
from hive_tui.cli.plaintext import write_text
from hive_tui.cli.recordings import run_folder
from hive_tui.cli.targets import target_told
from hive_tui.config.errors import ConfigError
from hive_tui.recording.folder import LOG, is_written
from hive_tui.recording.format import DamagedError
from hive_tui.recording.repair import Repaired, repair


def main(parsed: Parsed) -> int:
    """Raises UsageError; ConfigError for a recording of which nothing can be saved; FolderError for the new folder."""
    if len(parsed.words) != 1:
        raise UsageError("which run? hive repair RUN --output FOLDER")
    output = parsed.value("--output")
    if output is None:
        raise UsageError("where to? hive repair RUN --output FOLDER; the damaged one stays as it is")
    folder, target = run_folder(parsed.words[0]), Path(output)
    try:
        if (folder / LOG).stat().st_size and is_written(folder):
            raise ConfigError("a live process still writes it", str(folder), "repair it when the run has ended")
        with target_told(target, folder):
            repaired = repair(folder, target, kernels_for(folder))
    except DamagedError as error:
        raise ConfigError(str(error), str(folder)) from error
    except FileNotFoundError as error:
        raise ConfigError("the recording is gone; somebody removed it", str(folder)) from error
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", error.filename or str(folder)) from error
    _print(repaired, target)
    return DONE


def _print(repaired: Repaired, target: Path) -> None:
    kept = f"kept {repaired.kept} events of run {repaired.run}, up to {repaired.kept_ns / 1e9:.3f} s"
    if not repaired.reason:
        lost = "lost: nothing; the log was whole"
    elif repaired.lost is None:
        lost = f"lost: whatever came after; {repaired.reason}"
    else:
        lost = f"lost: {repaired.lost} events after that; {repaired.reason}"
    if repaired.header_made:
        kept += "\nthe file header was damaged: which run it is was taken from the first event"
    write_text(sys.stdout, f"{kept}\n{lost}\nrepaired: {target}\n")
