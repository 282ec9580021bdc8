"""What it costs to record a run, and what the recording takes, for `replay`.

As in the core: a `write(2)` an event, one other thread that compresses, takes keyframes and seals, fsync where a stage
ends and nowhere else. The time is that from a part's first event until that thread is through with it, so nothing
of the work is left out; what the events' bytes cost to make is.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import zstandard
from benchmarks.replay_run import RUN, WALL_NS, Part, Run

from hive_tui import wire
from hive_tui.events import Delta
from hive_tui.recording import format as form
from hive_tui.recording.blocks import Blocks
from hive_tui.recording.folder import LOG
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.summary import summarise, write_summary
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.writer import LEVEL, LogWriter

SAMPLED = 50
"""Blocks, spread over the run, that tell what the text alone would take."""

Figures = dict[str, float]


def record(run: Run, folder: Path) -> Figures:
    """Write the run; microseconds an event."""
    wall = cpu = caller = longest = 0.0
    with ThreadPoolExecutor(1) as thread:
        log = LogWriter(folder, LogHeader(RUN, WALL_NS), thread.submit)
        seq = 0
        for part in run.parts():
            begun, spent = time.perf_counter(), time.process_time()
            worst = append(log, part, seq)
            if part.synced:
                log.sync()
            appended = time.perf_counter()
            seq += len(part.records)
            if seq == run.events:
                log.finish()
            thread.submit(int).result()
            caller += appended - begun
            longest = max(longest, worst)
            wall += time.perf_counter() - begun
            cpu += time.process_time() - spent
        if log.seal_error is not None:
            raise log.seal_error
    finish(folder)
    share = 1e6 / run.events
    return {
        "us_an_event": wall * share,
        "cpu_us_an_event": cpu * share,
        "caller_us_an_event": caller * share,
        "longest_ms": longest * 1e3,
    }


def append(log: LogWriter, part: Part, seq: int) -> float:
    """An event a call, as when each comes alone. Returns the seconds of the slowest."""
    worst, before = 0.0, time.perf_counter()
    for data, time_ns in zip(part.records, part.times, strict=True):
        seq += 1
        log.append(data, Span(1, seq, seq, time_ns, time_ns))
        now = time.perf_counter()
        if now - before > worst:
            worst = now - before
        before = now
    return worst


def finish(folder: Path) -> None:
    """What the core does behind a run's end."""
    timeline = Timeline(folder)
    write_summary(folder, summarise(timeline.last_state()))
    timeline.close()


def sizes(folder: Path, run: Run) -> Figures:
    """Bytes an event, of the log and of what it is made of; beyond its text as it is, and as it could be stored."""
    blocks = Blocks(folder)
    text_alone = _text_alone([blocks.raw(at) for at in range(0, len(blocks.places), 1 + len(blocks.places) // SAMPLED)])
    log = os.open(folder / LOG, os.O_RDONLY)
    try:
        events, keyframes = 0, 0
        for place in blocks.places:
            frame = form.decode_frame(os.pread(log, form.FRAME.size, place.offset), place.offset)
            events += form.FRAME.size + frame.stored
            frame = form.decode_frame(os.pread(log, form.FRAME.size, place.keyframes), place.keyframes)
            keyframes += form.FRAME.size + frame.stored
        whole = os.fstat(log).st_size
    finally:
        os.close(log)
        blocks.close()
    share = 1 / run.events
    return {
        "log": whole * share,
        "events": events * share,
        "keyframes": keyframes * share,
        "index": (whole - events - keyframes) * share,
        "text": run.text_bytes * share,
        "beyond_text": (whole - run.text_bytes) * share,
        "text_alone_zstd": text_alone,
        "beyond_text_alone_zstd": whole * share - text_alone,
    }


def _text_alone(blocks: list[bytes]) -> float:
    """Bytes an event that the texts of these blocks would take if they were compressed alone, a block at a time."""
    events = stored = 0
    for raw in blocks:
        texts = [record.event.data for record in wire.records(raw) if isinstance(record.event, Delta)]
        events += len(texts)
        stored += len(zstandard.ZstdCompressor(level=LEVEL).compress(b"".join(texts)))
    return stored / events
