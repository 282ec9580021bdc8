"""A recording may come from anybody: frames with the right checksum and any content give a refusal, never a crash."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hive_tui.recording.keyframes as keyframes_module
import hive_tui.recording.writer as writer_module
from hive_tui import wire
from hive_tui.events import AttemptStarted, Carried, Channel, Event, Outcome, Record, RunEnded
from hive_tui.kernels.plain import PlainBackend
from hive_tui.recording import format as form
from hive_tui.recording.folder import LOG
from hive_tui.recording.format import DamagedError, LogHeader, Span
from hive_tui.recording.reader import decompress
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.verify import Verification
from hive_tui.recording.writer import LogWriter
from hive_tui.wire import WireError
from tests.test_state import START, delta


def log_of(folder: Path) -> bytes:
    events: list[tuple[int, Event]] = [(0, START), (1, AttemptStarted("generator", "sim/one", "simulator"))]
    events += [(1, delta(f"wörd {number} ")) for number in range(14)]
    events.append((0, RunEnded(Outcome.FINISHED, answer=Carried(1))))
    log = LogWriter(folder, LogHeader("01J", 1), lambda job: job())
    for seq, (stream, event) in enumerate(events, 1):
        log.append(wire.encode(Record(1, seq, seq * 1000, stream, event)), Span(1, seq, seq, seq * 1000, seq * 1000))
    log.finish()
    return (folder / LOG).read_bytes()


def unpacked(data: bytes) -> list[tuple[form.Frame, bytes]]:
    """Each frame, and its payload as it was before it was compressed."""
    offset, found = form.decode_file_header(data)[1], []
    while offset < len(data) - form.TRAILER.size:
        frame = form.decode_frame(data[offset : offset + form.FRAME.size])
        behind = offset + form.FRAME.size + frame.stored
        found.append((frame, decompress(frame.codec, data[offset + form.FRAME.size : behind], frame.raw)))
        offset = behind
    return found


def packed(head: bytes, frames: list[tuple[form.Frame, bytes]]) -> bytes:
    data, last = head, 0
    for frame, raw in frames:
        last = len(data)
        data += form.encode_frame(frame.tag, form.RAW, frame.number, raw, len(raw), frame.span, frame.chain)
    return data + form.TRAILER.pack(form.END_MAGIC, last)


VALUES = st.one_of(st.integers(0, 255), st.sampled_from([0x00, 0x01, 0x7F, 0x80, 0x90, 0xC0, 0xCF, 0xD3, 0xDC, 0xFF]))
CHANGES = st.lists(st.tuples(st.floats(0, 1), st.one_of(VALUES, st.none())), min_size=1, max_size=3)


def changed(raw: bytes, changes: list[tuple[float, int | None]]) -> bytes:
    """With bytes of other values, or left out."""
    data = bytearray(raw)
    for place, value in changes:
        at = int(place * (len(data) - 1))
        data[at : at + 1] = b"" if value is None else bytes([value])
    return bytes(data)


def look_at_all_of_it(folder: Path) -> None:
    timeline = Timeline(folder)
    try:
        for seq in range(timeline.last_seq % 100 + 1):
            state = timeline.state_at(seq)
            for attempt in state.attempts:
                for channel in Channel:
                    attempt.text.channel_text(channel)
                list(attempt.text.arrivals())
            assert isinstance(state.answer_text, str)
        for moment in range(0, 20_000, 1500):
            timeline.seq_at(moment)
        list(timeline.records(0))
    finally:
        timeline.close()


def refused(look: Callable[[Path], object], folder: Path) -> bool:
    try:
        look(folder)
    except (DamagedError, WireError, OSError):
        return True
    return False


def test_any_content_is_read_or_refused() -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as root:
        patch.setattr(writer_module, "BLOCK_SIZE", 300)
        patch.setattr(keyframes_module, "EVERY_RECORDS", 2)
        folder = Path(root) / "01J"
        data = log_of(folder)
        head, frames = data[: form.decode_file_header(data)[1]], unpacked(data)
        assert not refused(look_at_all_of_it, folder)

        @settings(max_examples=250, deadline=None)
        @given(st.integers(0, len(frames) - 1), CHANGES)
        def law(number: int, changes: list[tuple[float, int | None]]) -> None:
            others = frames.copy()
            others[number] = frames[number][0], changed(frames[number][1], changes)
            (folder / LOG).write_bytes(packed(head, others))
            refused(look_at_all_of_it, folder)
            report = Verification(folder, PlainBackend()).run()
            assert report.faults  # At least the index tells other places: nothing is compressed any more.

        law()
