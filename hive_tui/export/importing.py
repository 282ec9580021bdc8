"""From JSON Lines back to a recording, record by record: memory does not grow with the file."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from hive_tui import wire
from hive_tui.config.runid import is_run_id
from hive_tui.events import RunStarted
from hive_tui.export.jsonl import End, Ending, Header, LineError, decode_header, decode_line, record_of
from hive_tui.recording.batches import append_all
from hive_tui.recording.format import LogHeader
from hive_tui.recording.summary import summarise, write_summary
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.writer import LogWriter

LONGEST_LINE = 256 * 1024 * 1024
"""Bytes; bounds what a hostile file makes us read at once."""


class ImportFailedError(ValueError):
    """The file cannot become a recording; the message says which line, and why. Nothing was kept."""


class RunExistsError(ImportFailedError):
    """The run is recorded here already."""


def import_run(file: BinaryIO, root: Path) -> str:
    """Make a recording of the file in the runs' folder. Returns the run's id.

    Raises:
        ImportFailedError: the file is no export, was cut short, or its run is there already.
        OSError: the file cannot be read, or the folder not be written.
    """
    try:
        header = decode_header(file.readline(LONGEST_LINE))
    except LineError as error:
        raise ImportFailedError(f"line 1: {error}") from error
    if not is_run_id(header.run):
        raise ImportFailedError(f"line 1: expected a run's id, 26 letters and digits, got {header.run[:80]!r}")
    if header.source and not is_run_id(header.source):
        raise ImportFailedError(f"line 1: source: expected a run's id or nothing, got {header.source[:80]!r}")
    folder = root / header.run
    if folder.exists():
        raise RunExistsError(f"the run {header.run} is there already: {folder}")
    root.mkdir(parents=True, mode=0o700, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".import-", dir=root))
    try:
        _write(file, header, fresh)
        os.rename(fresh, folder)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise RunExistsError(f"the run {header.run} is there already: {folder}") from error
        raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return header.run


def _write(file: BinaryIO, header: Header, folder: Path) -> None:
    log = LogWriter(folder, LogHeader(header.run, header.wall_ns, header.version, header.source), lambda job: job())
    try:
        append_all(log, _records(file, header))
        log.sync()
    except BaseException:
        log.abandon()
        raise
    if header.end is not Ending.SOUND:
        log.abandon()  # As torn as what it was made of: `hive verify` is not to call it whole.
        return
    log.finish()
    if log.seal_error is not None:
        raise log.seal_error
    timeline = Timeline(folder)
    try:
        state = timeline.last_state()
        if state.outcome is not None:
            write_summary(folder, summarise(state))
    finally:
        timeline.close()


def _records(file: BinaryIO, header: Header) -> Iterator[bytes]:
    """Raises ImportFailedError."""
    number, count, seq, time_ns = 1, 0, 0, 0
    digest = hashlib.sha256()
    while data := file.readline(LONGEST_LINE):
        number += 1
        try:
            line = decode_line(data)
            if isinstance(line, End):
                if not line.records and not count:
                    raise LineError("is an export of the moment before the run's first event: there is no record")
                if line.records != count:
                    raise LineError(f"says {line.records} records, and there are {count}")
                if line.sha256 and line.sha256 != digest.hexdigest():
                    raise LineError("the records are not those of the recording: their SHA-256 is another")
                _refuse_more(file, number)
                return
            record = record_of(line)
            gap = line.seq != seq + 1 and header.end is Ending.SOUND
            if line.seq <= seq or gap or line.time_ns < time_ns:
                raise LineError(f"event {line.seq} at {line.time_ns} ns cannot follow event {seq} at {time_ns} ns")
            seq, time_ns = line.seq, line.time_ns
            if not count:
                event = wire.decode(record)[0].event
                if not isinstance(event, RunStarted) or event.run != header.run:
                    raise LineError(f"the first event has to be the start of the run {header.run}")
        except LineError as error:
            raise ImportFailedError(f"line {number}: {error}") from error
        count += 1
        digest.update(record)
        yield record
    raise ImportFailedError(f"the file was cut short behind line {number}: the line that counts the records is missing")


def _refuse_more(file: BinaryIO, number: int) -> None:
    """Two files in one would be taken for the first alone. Raises ImportFailedError."""
    while data := file.readline(LONGEST_LINE):
        number += 1
        if not data.isspace():
            raise ImportFailedError(f"line {number}: something stands behind the line that counts the records")
