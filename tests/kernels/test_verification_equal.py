"""A tracker and a verification come to the same whatever back end counts for them, on sound and on damaged logs."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hive_tui.recording.keyframes as keyframes_module
import hive_tui.recording.writer as writer_module
from hive_tui import wire
from hive_tui.events import Record
from hive_tui.kernels.compiled import CompiledBackend
from hive_tui.kernels.plain import PlainBackend
from hive_tui.kernels.vectors import VectorBackend
from hive_tui.recording.folder import LOG
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.keyframes import Tracker, encode_keyframes
from hive_tui.recording.verify import Verification
from hive_tui.recording.writer import LogWriter
from tests.test_state import runs


def test_keyframes_and_hash_are_equal(plain: PlainBackend, compiled: CompiledBackend, vectors: VectorBackend) -> None:
    @given(runs(), st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(1, 4))
    def law(records: list[Record], sizes: list[int], every: int) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(keyframes_module, "EVERY_RECORDS", every)
            trackers, rest, turn = [Tracker(tally=each.tally) for each in (plain, compiled, vectors)], records, 0
            while rest:
                size = sizes[turn % len(sizes)]
                raw, rest, turn = b"".join(map(wire.encode, rest[:size])), rest[size:], turn + 1
                assert len({encode_keyframes(tracker.block(raw)) for tracker in trackers}) == 1
                assert len({tracker.hash for tracker in trackers}) == 1

    law()


def test_reports_are_equal(plain: PlainBackend, compiled: CompiledBackend, vectors: VectorBackend) -> None:
    @settings(max_examples=60, deadline=None)
    @given(runs(), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 7)), max_size=3), st.booleans())
    def law(records: list[Record], flips: list[tuple[float, int]], finished: bool) -> None:
        with tempfile.TemporaryDirectory() as root, pytest.MonkeyPatch.context() as patch:
            patch.setattr(writer_module, "BLOCK_SIZE", 300)
            folder = Path(root) / "01J"
            log = LogWriter(folder, LogHeader("01J", 1), lambda job: job())
            for each in records:
                log.append(wire.encode(each), Span(1, each.seq, each.seq, each.time_ns, each.time_ns))
            (log.finish if finished else log.abandon)()
            header = len((folder / LOG).read_bytes()) if not records else 60
            for name in sorted(path.name for path in folder.iterdir()):
                data = bytearray((folder / name).read_bytes())
                for at, bit in flips:
                    if len(data) > header:
                        data[header + int(at * (len(data) - header - 1))] ^= 1 << bit
                (folder / name).write_bytes(data)
            expected = Verification(folder, plain).run()
            assert Verification(folder, compiled).run() == Verification(folder, vectors).run() == expected

    law()
