"""The same events in MCAP and in SQLite, for `replay`: the payloads byte for byte, the same looks at the same moments.

Neither knows what a state is. So a look is, in all three, the last 2 KiB of each stream's text at a random moment; a
recording gives the counts, outcomes and costs of that moment as well. MCAP: a channel a stream, chunks of 128 KiB
with zstd, which are in memory alone until they are full. SQLite: a table with an index by stream, write-ahead log, a
transaction an event first, for a process that is killed loses none of them then, later one a thousand.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.figures import spread
from benchmarks.replay_reader import LOOKED_AT, SEEKS
from benchmarks.replay_run import STREAMS, Part, Run
from mcap.reader import SeekingReader, make_reader
from mcap.writer import CompressionType, Writer

from hive_tui.wire import CHUNK, DELTA_HEAD, DELTA_KIND, HEADER, HEADER_SIZE

CHUNK_SIZE = 128 * 1024
TEXT = DELTA_HEAD.size + CHUNK.size
"""Where the text of a delta with one chunk begins in its payload."""
ALONE = 100_000
"""Events with a transaction of their own."""
TOGETHER = 1_000
MOST = LOOKED_AT // 4
"""Events of a stream that surely hold so much text."""

Figures = dict[str, float]
Row = tuple[int, int, int, int, bytes]


def rows(part: Part) -> list[Row]:
    """(sequence, time, stream, kind, payload) of each event."""
    found = []
    for data in part.records:
        _, kind, _, _, stream, seq, time_ns = HEADER.unpack_from(data)
        found.append((seq, time_ns, stream, kind, data[HEADER_SIZE:]))
    return found


def in_mcap(run: Run, path: Path, moments: list[float]) -> Figures:
    wall = 0.0
    last_ns = 0
    with path.open("wb") as file:
        writer = Writer(file, chunk_size=CHUNK_SIZE, compression=CompressionType.ZSTD)
        writer.start("", "scripts/bench")
        schema = writer.register_schema("hive", "", b"")
        channels = [writer.register_channel(str(stream), "hive", schema) for stream in range(STREAMS + 1)]
        for part in run.parts():
            made = rows(part)
            begun = time.perf_counter()
            for seq, time_ns, stream, _, payload in made:
                writer.add_message(channels[stream], time_ns, payload, time_ns, seq)
            wall += time.perf_counter() - begun
            last_ns = part.times[-1]
        begun = time.perf_counter()
        writer.finish()
        wall += time.perf_counter() - begun
    begun = time.perf_counter()
    with path.open("rb") as file:
        look_into_mcap(make_reader(file), last_ns)
    opened = time.perf_counter() - begun
    with path.open("rb") as file:
        # Whole chunks only were checked by the writer's own sums, so this reads and checks all of them.
        reader = make_reader(file, validate_crcs=True)
        begun = time.perf_counter()
        count = sum(1 for _ in reader.iter_messages(log_time_order=False))
        checked = time.perf_counter() - begun
        assert count == run.events
        looks = timed(lambda share: look_into_mcap(reader, int(share * last_ns)), moments)
    return _figures(run, wall, path.stat().st_size, opened, looks, checked)


def look_into_mcap(reader: SeekingReader, time_ns: int) -> None:
    """Backwards from the moment until each stream has enough."""
    missing = dict.fromkeys(map(str, range(1, STREAMS + 1)), LOOKED_AT)
    for _, channel, message in reader.iter_messages(list(missing), ending_at=time_ns, reverse=True):
        if channel.topic in missing:
            missing[channel.topic] -= len(message.data) - TEXT
            if missing[channel.topic] <= 0:
                del missing[channel.topic]
                if not missing:
                    return


def in_sqlite(run: Run, path: Path, moments: list[float]) -> Figures:
    alone = together = 0.0
    written = last_ns = 0
    database = open_sqlite(path)
    database.execute("CREATE TABLE events (seq INTEGER PRIMARY KEY, time_ns INT, stream INT, kind INT, payload BLOB)")
    database.execute("CREATE INDEX by_stream ON events (stream, time_ns)")
    for part in run.parts():
        made = rows(part)
        single = made[: max(0, ALONE - written)]
        begun = time.perf_counter()
        for row in single:
            database.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?)", row)
        alone += time.perf_counter() - begun
        begun = time.perf_counter()
        for few in _few(made[len(single) :]):
            database.execute("BEGIN")
            database.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", few)
            database.execute("COMMIT")
        together += time.perf_counter() - begun
        written += len(made)
        last_ns = part.times[-1]
    database.close()
    begun = time.perf_counter()
    database = open_sqlite(path)
    look_into_sqlite(database, last_ns)
    opened = time.perf_counter() - begun
    looks = timed(lambda share: look_into_sqlite(database, int(share * last_ns)), moments)
    begun = time.perf_counter()
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    checked = time.perf_counter() - begun
    database.close()
    first = min(ALONE, run.events)
    figures = _figures(run, alone / first * run.events, path.stat().st_size, opened, looks, checked)
    rest = run.events - first
    return {**figures, "us_an_event_together": round(together / rest * 1e6, 2)} if rest else figures


def open_sqlite(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    return database


def look_into_sqlite(database: sqlite3.Connection, time_ns: int) -> None:
    question = "SELECT payload FROM events WHERE stream = ? AND time_ns <= ? AND kind = ? ORDER BY time_ns DESC LIMIT ?"
    for stream in range(1, STREAMS + 1):
        left = LOOKED_AT
        for (payload,) in database.execute(question, (stream, time_ns, DELTA_KIND, MOST)):
            left -= len(payload) - TEXT
            if left <= 0:
                break


def timed(look: Callable[[float], None], moments: list[float]) -> list[float]:
    """Milliseconds of each look."""
    found = []
    for share in moments:
        begun = time.perf_counter()
        look(share)
        found.append((time.perf_counter() - begun) * 1000)
    return found


def some_moments(seed: int, count: int = SEEKS // 20) -> list[float]:
    """Shares of the run's duration."""
    chance = random.Random(seed)
    return [chance.random() for _ in range(count)]


def _few(made: list[Row]) -> Iterator[list[Row]]:
    for start in range(0, len(made), TOGETHER):
        yield made[start : start + TOGETHER]


def _figures(run: Run, wall_s: float, size: int, opened_s: float, looks: list[float], checked_s: float) -> Figures:
    return {
        "us_an_event": round(wall_s / run.events * 1e6, 2),
        "bytes_an_event": round(size / run.events, 2),
        "open_ms": round(opened_s * 1000, 2),
        **{f"seek_{name}": value for name, value in spread(looks).items() if name != "samples"},
        "verify_events_a_second": round(run.events / checked_s),
    }
