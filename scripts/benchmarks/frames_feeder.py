"""Publishes four streams at a steady rate through the real ring; a process of its own for the `frames` measurement.

Prints the ring's name, waits for a line on its standard input, then feeds until that input ends.
"""

from __future__ import annotations

import os
import random
import select
import sys
import time
from pathlib import Path

from hive_tui import wire
from hive_tui.events import AttemptStarted, Channel, Delta, Plan, Record, RunStarted, StageSpec
from hive_tui.ring.writer import RingWriter

STREAMS = 4
COALESCE = 0.002
"""Seconds between publishes: what the core waits at most."""
WORDS = (
    *("council", "answer", "model", "stream", "which", "token", "under", "review"),
    *("claim", "other", "because", "should", "value", "about"),
)


def pieces(count: int, seed: int) -> list[bytes]:
    """Tokens of about five bytes, prose with a line's end now and then, and a list, and code."""
    chance = random.Random(seed)
    out = []
    for number in range(count):
        end = "\n" if number % 37 == 36 else "\n\n" if number % 211 == 210 else " "
        out.append((chance.choice(WORDS)[: chance.randint(2, 7)] + end).encode())
    return out


def main_feed(registry: Path, tokens_per_second: float) -> None:
    ring = RingWriter(registry)
    print(ring.name, flush=True)
    sys.stdin.readline()
    begun = time.monotonic_ns()
    stages = tuple(StageSpec(stage=f"stage{n}", role="generator", endpoint="bench", model="m") for n in range(STREAMS))
    events = [
        (0, RunStarted(run="bench", question="?", plan=Plan("bench", stages), profile="", simulated=True, wall_ns=0))
    ]
    events += [(n + 1, AttemptStarted(stage=f"stage{n}", model="m", endpoint="bench")) for n in range(STREAMS)]
    seq = 0
    for stream, event in events:
        seq += 1
        ring.publish(wire.encode(Record(1, seq, time.monotonic_ns() - begun, stream, event)), 1)
    tokens = pieces(4099, 1)
    sent = [0] * STREAMS
    done = 0
    start = time.monotonic()
    while not select.select([0], [], [], COALESCE)[0]:
        due = int((time.monotonic() - start) * tokens_per_second)
        new, done = due - done, due
        batch = bytearray()
        records = 0
        now = time.monotonic_ns() - begun
        for stream in range(STREAMS):
            count = new // STREAMS + ((done + stream) % STREAMS < new % STREAMS)
            if not count:
                continue
            part = [tokens[(sent[stream] + n + 977 * stream) % len(tokens)] for n in range(count)]
            sent[stream] += count
            table = b"".join(wire.CHUNK.pack(0, len(piece)) for piece in part)
            seq += 1
            batch += wire.encode(Record(1, seq, now, stream + 1, Delta(Channel.ANSWER, table, b"".join(part))))
            records += 1
        if records:
            ring.publish(batch, records)
    ring.close()


if __name__ == "__main__":
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    main_feed(Path(sys.argv[1]), float(sys.argv[2]))
