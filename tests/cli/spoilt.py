"""A recording of several blocks to be spoilt, and every command that reads one, as it is typed."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

from hive_tui import wire
from hive_tui.cli.export import FORMATS
from hive_tui.events import AttemptEnded, AttemptStarted, Carried, Event, Message, Outcome, Record, RunEnded
from hive_tui.recording import format as form
from hive_tui.recording.folder import LOG
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.writer import LogWriter
from tests.test_state import START, delta

WORDS = [f"word {number:03} " for number in range(60)]


def facts() -> list[Record]:
    begun = AttemptStarted("generator", "sim/one", "simulator", messages=(Message("user", "why?"),))
    events: list[tuple[int, Event]] = [(0, START), (1, begun), *((1, delta(word)) for word in WORDS)]
    events += [(1, AttemptEnded(Outcome.FINISHED, "stop")), (0, RunEnded(Outcome.FINISHED, answer=Carried(1)))]
    return [Record(1, seq, seq * 1_000_000, stream, event) for seq, (stream, event) in enumerate(events, 1)]


def begin(folder: Path, records: list[Record]) -> LogWriter:
    log = LogWriter(folder, LogHeader("01J", 1), lambda job: job())
    for record in records:
        log.append(wire.encode(record), Span(1, record.seq, record.seq, record.time_ns, record.time_ns))
    return log


Run = Callable[..., tuple[int, str, str]]


def readers(folder: Path, target: Path) -> dict[str, tuple[str, ...]]:
    """Each command that reads a recording, as it is typed."""
    exports = {
        f"export {name}": ("export", str(folder), "--format", name, "--output", str(target / f"out.{name}"))
        for name in FORMATS
    }
    return {
        "replay": ("replay", str(folder)),
        "verify": ("verify", str(folder)),
        "repair": ("repair", str(folder), "--output", str(target / "repaired")),
        "redact": ("redact", str(folder), "--pattern", "word", "--output", str(target / "redacted")),
        "stats": ("stats", str(folder)),
        **exports,
    }


COMMANDS = sorted(readers(Path("x"), Path("y")))


def frames(data: bytes) -> list[tuple[bytes, int, Span]]:
    offset, found = form.decode_file_header(data)[1], []
    while offset < len(data) - form.TRAILER.size:
        frame = form.decode_frame(data[offset : offset + form.FRAME.size])
        found.append((frame.tag, offset, frame.span))
        offset += form.FRAME.size + frame.stored
    return found


def spoil(folder: Path, tag: bytes, number: int) -> tuple[int, Span]:
    """Flip a bit in the payload of such a frame. Returns where it stands and what it holds."""
    data = bytearray((folder / LOG).read_bytes())
    offset, span = [(offset, span) for each, offset, span in frames(bytes(data)) if each == tag][number]
    data[offset + form.FRAME.size + 3] ^= 4
    (folder / LOG).write_bytes(data)
    return offset, span


def newer() -> bytes:
    data = bytearray(form.encode_file_header(LogHeader("01J", 1))[:-4])
    data[8] = form.VERSION + 1
    return bytes(data) + zlib.crc32(data).to_bytes(4, "little")
