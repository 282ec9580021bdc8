"""A writer that is killed, and one whose disk is full: what `append` returned for is there."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import hive_tui
from hive_tui.recording.folder import LOG, is_written, open_name
from hive_tui.recording.format import LogHeader
from hive_tui.recording.reader import LogCursor
from hive_tui.recording.writer import LogWriter

PROGRAM = """
import json, os, random, resource, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import hive_tui.recording.writer as writer
from hive_tui import wire
from hive_tui.events import Channel, Delta, Record
from hive_tui.recording.format import LogHeader, Span

def appending(folder, block_size, batches, said, limit=None):
    chance = random.Random(3)
    writer.BLOCK_SIZE = block_size
    pool = ThreadPoolExecutor(1)
    log = writer.LogWriter(Path(folder), LogHeader("01J", 0), pool.submit)
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    seq = 0
    for _ in range(batches):
        records = []
        for _ in range(chance.randint(1, 5)):
            text = chance.randbytes(chance.randint(1, 150)).hex().encode()
            event = Delta(Channel.ANSWER, wire.CHUNK.pack(0, len(text)), text)
            records.append(Record(1, seq + len(records) + 1, 5, 1, event))
        span = Span(len(records), seq + 1, seq + len(records), 5, 5)
        log.append(b"".join(map(wire.encode, records)), span)
        seq += len(records)
        said(seq)
    return log, pool, seq
"""


def child(program: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM + program, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(hive_tui.__file__).parents[1])},
    )


KILLED = """
appending(sys.argv[1], 2000, 10**9, lambda seq: os.write(1, b"%d\\n" % seq))
"""


@pytest.mark.parametrize("lines", [1, 40, 400])
def test_a_killed_writer_loses_nothing_that_append_returned_for(tmp_path: Path, seqs: Any, lines: int) -> None:
    with child(KILLED, tmp_path / "run") as process:
        assert process.stdout is not None
        for _ in range(lines):
            process.stdout.readline()
        assert is_written(tmp_path / "run")
        process.kill()
        said = [int(line) for line in process.stdout if line.endswith("\n")]
    got = seqs(LogCursor(tmp_path / "run"))
    assert got == list(range(1, len(got) + 1))
    assert len(got) >= (said[-1] if said else lines)
    assert not is_written(tmp_path / "run")


APPEND_FAILS = """
said, error = [], None
try:
    appending(sys.argv[1], 10**6, 1000, said.append, limit=5000)
except OSError as caught:
    error = type(caught).__name__
print(json.dumps([said[-1], error]))
os._exit(0)
"""


def test_a_full_disk_is_told_by_append_and_what_stands_is_readable(tmp_path: Path, seqs: Any) -> None:
    out, _ = child(APPEND_FAILS, tmp_path / "run").communicate(timeout=60)
    last, error = json.loads(out)
    assert error == "OSError"
    assert (tmp_path / "run" / open_name(0)).stat().st_size == 5000, "the last batch was partly written"
    cursor = LogCursor(tmp_path / "run")
    assert seqs(cursor) == list(range(1, last + 1))
    assert not cursor.complete


@pytest.mark.parametrize("room", [0, 30, 120])
def test_a_disk_without_room_for_the_beginning_leaves_nothing_behind(tmp_path: Path, room: int) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            LogWriter(tmp_path / "run", LogHeader("run" * 40, 1), lambda _job: None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


SEALING_FAILS = """
log, pool, seq = appending(sys.argv[1], 3000, 60, lambda seq: None, limit=6000)
log.finish()
pool.shutdown()
print(json.dumps([seq, type(log.seal_error).__name__]))
"""


def test_sealing_that_fails_loses_nothing_for_the_open_files_stay(tmp_path: Path, seqs: Any) -> None:
    out, _ = child(SEALING_FAILS, tmp_path / "run").communicate(timeout=60)
    last, error = json.loads(out)
    assert error == "OSError"
    assert (tmp_path / "run" / LOG).stat().st_size < 6000, "no half frame is left in the log"
    cursor = LogCursor(tmp_path / "run")
    assert seqs(cursor) == list(range(1, last + 1))
    assert not cursor.complete
    assert cursor.damage is None
