"""`hive verify RUN`: whether a recording is what it was, and each fault of it by its position."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from hive_tui.cli.bulk import kernels_for
from hive_tui.cli.document import encode_document
from hive_tui.cli.exits import DONE, NO
from hive_tui.cli.parser import Parsed, UsageError
from hive_tui.cli.plaintext import one_line, write_text
from hive_tui.cli.recordings import run_folder
from hive_tui.config.errors import ConfigError
from hive_tui.recording.format import DamagedError
from hive_tui.recording.verify import Report, Verification
from hive_tui.wording import number_of


def main(parsed: Parsed) -> int:
    """Raises UsageError; ConfigError for what is no recording, or a newer one."""
    if len(parsed.words) != 1:
        raise UsageError("which run? hive verify RUN; `hive verify last` looks at the newest")
    folder = run_folder(parsed.words[0])
    try:
        report = Verification(folder, kernels_for(folder)).run()
    except DamagedError as error:
        raise ConfigError(str(error), str(folder)) from error
    except FileNotFoundError as error:
        raise ConfigError("the recording is gone; somebody removed it", str(folder)) from error
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", error.filename or str(folder)) from error
    if parsed.has("--json"):
        sys.stdout.buffer.write(encode_document({**msgspec.to_builtins(report), "sound": report.sound}))
    else:
        _print(report, folder)
    return DONE if report.sound else NO


def _print(report: Report, folder: Path) -> None:
    for fault in report.faults:
        write_text(
            sys.stdout, f"{one_line(fault.file)}, byte {fault.offset}: {fault.kind}: {one_line(fault.message)}\n"
        )
    told = f"{number_of(report.blocks, 'sealed block')}, {number_of(report.records, 'event')}"
    if report.faults:
        write_text(sys.stdout, f"{number_of(len(report.faults), 'fault')} in {folder}: {told}\n")
    else:
        what = "sound so far; a live process still writes it" if report.written else "sound and complete"
        write_text(sys.stdout, f"{what}: {told}\n")
    if report.source:
        write_text(sys.stdout, f"a redacted copy of run {one_line(report.source)}\n")
