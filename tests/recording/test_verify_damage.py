"""Every kind of damage at every place: a dropped, a swapped, a changed block, and what stands in open files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import msgspec
import pytest

import hive_tui.recording.keyframes as keyframes_module
import hive_tui.recording.writer as writer_module
from hive_tui import wire
from hive_tui.events import AttemptStarted, Event, Outcome, Record, RunEnded
from hive_tui.kernels.plain import PlainBackend
from hive_tui.recording import format as form
from hive_tui.recording.folder import LOG
from hive_tui.recording.format import DamagedError, LogHeader, Span
from hive_tui.recording.reader import decompress, fold_log, read_records
from hive_tui.recording.repair import repair
from hive_tui.recording.statehash import REDUCER, hash_of
from hive_tui.recording.verify import Fault, Verification
from hive_tui.recording.writer import LogWriter
from tests.corpus import WHOLE as CORPUS
from tests.test_state import START, delta


def facts() -> list[Record]:
    events: list[tuple[int, Event]] = [(0, START), (1, AttemptStarted("generator", "sim/one", "simulator"))]
    events += [(1, delta(f"word {number} ")) for number in range(24)]
    events.append((0, RunEnded(Outcome.ERRORED)))
    return [Record(1, seq, seq * 1000, stream, event) for seq, (stream, event) in enumerate(events, 1)]


def write(folder: Path, *, finished: bool) -> Path:
    log = LogWriter(folder, LogHeader("01J", 1), lambda job: job())
    for record in facts():
        log.append(wire.encode(record), Span(1, record.seq, record.seq, record.time_ns, record.time_ns))
    if finished:
        log.finish()
    else:
        log.abandon()
    return folder


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    """Six blocks or so, two events a keyframe."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer_module, "BLOCK_SIZE", 300)
        patch.setattr(keyframes_module, "EVERY_RECORDS", 2)
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "01J", finished=True)


def faults(folder: Path) -> tuple[Fault, ...]:
    return Verification(folder, PlainBackend()).run().faults


Piece = tuple[bytes, bytes]
"""Tag and bytes of a frame."""


def pieces(data: bytes) -> tuple[bytes, list[Piece], bytes]:
    """File header, frames but the index, and what stands from the index on."""
    offset = start = form.decode_file_header(data)[1]
    found: list[Piece] = []
    while (frame := form.decode_frame(data[offset : offset + form.FRAME.size])).tag != form.INDEX:
        behind = offset + form.FRAME.size + frame.stored
        found.append((frame.tag, data[offset:behind]))
        offset = behind
    return data[:start], found, data[offset:]


def blocks_of(data: bytes) -> tuple[bytes, list[bytes], bytes]:
    """The same, each block with its keyframes."""
    head, found, end = pieces(data)
    return head, [block + keyframes for (_, block), (_, keyframes) in zip(found[::2], found[1::2], strict=True)], end


def put(folder: Path, head: bytes, blocks: list[bytes], end: bytes) -> None:
    """With an index and a trailer at their new place, so that nothing is damaged but what is meant to be."""
    data = head + b"".join(blocks)
    trailer = form.TRAILER.pack(form.END_MAGIC, len(data))
    (folder / LOG).write_bytes(data + end[: -len(trailer)] + trailer)


def test_any_block_that_is_dropped_is_named(folder: Path) -> None:
    head, blocks, end = blocks_of((folder / LOG).read_bytes())
    assert len(blocks) > 4
    for number in range(len(blocks)):
        rest = blocks[:number] + blocks[number + 1 :]
        put(folder, head, rest, end)
        first = faults(folder)[0]
        assert first.offset == len(head) + sum(map(len, blocks[:number]))
        if number + 1 < len(blocks):
            assert (first.kind, f"block {number} missing here" in first.message) == ("order", True)
        else:
            assert first.kind == "index"


def test_any_two_blocks_that_are_swapped_are_named(folder: Path) -> None:
    head, blocks, end = blocks_of((folder / LOG).read_bytes())
    for one, other in combinations(range(len(blocks)), 2):
        swapped = blocks.copy()
        swapped[one], swapped[other] = blocks[other], blocks[one]
        put(folder, head, swapped, end)
        found = faults(folder)
        assert (found[0].kind, found[0].offset) == ("order", len(head) + sum(map(len, swapped[:one])))
        assert f"block {other} stands where block {one} belongs" in found[0].message
        second = len(head) + sum(map(len, swapped[:other]))
        assert any(fault.offset == second and f"block {one} stands where" in fault.message for fault in found)


def test_keyframes_that_are_dropped_swapped_or_others_are_named(folder: Path) -> None:
    head, found, end = pieces((folder / LOG).read_bytes())
    for at in range(1, len(found), 2):
        begin = len(head) + sum(len(piece) for _, piece in found[:at])
        put(folder, head, [piece for number, (_, piece) in enumerate(found) if number != at], end)
        first = faults(folder)[0]
        rest = sum(len(piece) for number, (_, piece) in enumerate(found) if number != at)
        assert (first.kind, first.offset) == ("index", len(head) + rest)
        other = [piece for _, piece in found]
        other[at], other[at - 2] = other[at - 2], other[at]
        put(folder, head, other, end)
        first = faults(folder)[0]
        assert first.kind == "order"
        assert at == 1 or first.offset == begin - sum(map(len, (found[at - 1][1], found[at - 2][1])))


def test_a_block_that_was_written_anew_breaks_the_chain(folder: Path) -> None:
    """With every checksum right: what was changed is told by the chain, and the last state by its hash."""
    head, blocks, end = blocks_of((folder / LOG).read_bytes())
    frame = form.decode_frame(blocks[2])
    raw = decompress(frame.codec, blocks[2][form.FRAME.size : form.FRAME.size + frame.stored], frame.raw)
    changed = raw.replace(b"word", b"lord")
    rest = blocks[2][form.FRAME.size + frame.stored :]
    forged = form.encode_frame(form.BLOCK, form.RAW, 2, changed, len(changed), frame.span, frame.chain)
    put(folder, head, [*blocks[:2], forged + rest, *blocks[3:]], end)
    at = len(head) + sum(map(len, blocks[:2]))
    assert (faults(folder)[0].kind, faults(folder)[0].offset) == ("chain", at)
    before = form.decode_frame(blocks[1]).chain
    chain = form.chain_after(before, changed, 2, frame.span)
    forged = form.encode_frame(form.BLOCK, form.RAW, 2, changed, len(changed), frame.span, chain)
    put(folder, head, [*blocks[:2], forged + rest, *blocks[3:]], end)
    assert (faults(folder)[0].kind, faults(folder)[0].offset) == ("chain", at + len(forged + rest))


def test_every_flipped_bit_of_an_open_block_is_found_in_its_file(tmp_path: Path) -> None:
    folder = write(tmp_path / "01J", finished=False)
    (path,) = folder.glob("open-*")
    data = path.read_bytes()
    for at in range(len(data)):
        flipped = bytearray(data)
        flipped[at] ^= 1 << at % 8
        path.write_bytes(flipped)
        first = faults(folder)[0]
        assert (first.file, first.kind in ("tail", "records")) == (path.name, True), at
        assert first.offset <= at


def test_repair_keeps_what_stands_before_a_cut_in_the_last_three_blocks(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # They took most of the time.
    data = (folder / LOG).read_bytes()
    head, blocks, _ = blocks_of(data)
    ends = [
        (len(head) + sum(map(len, blocks[: number + 1])), form.decode_frame(block))
        for number, block in enumerate(blocks)
    ]
    target = tmp_path / "new"
    edges = {end + near for end, _ in ends[-4:] for near in (-1, 0, 1)}
    for stop in sorted(edges | set(range(ends[-4][0], len(data), 23))):
        (folder / LOG).write_bytes(data[:stop])
        # A block counts with or without the keyframes behind it, which are made again.
        whole = [frame.span.last_seq for end, frame in ends if end - _keyframes(data, end) <= stop]
        assert repair(folder, target, PlainBackend()).kept == whole[-1]
        assert list(read_records(target)) == facts()[: whole[-1]]
        shutil.rmtree(target)


def _keyframes(data: bytes, end: int) -> int:
    """Size of the keyframes' frame that ends there."""
    offset = form.decode_file_header(data)[1]
    while True:
        frame = form.decode_frame(data[offset : offset + form.FRAME.size])
        size = form.FRAME.size + frame.stored
        if offset + size == end:
            return size
        offset += size


def test_repair_keeps_what_stands_before_a_cut_of_an_open_block(tmp_path: Path) -> None:
    folder, target = write(tmp_path / "01J", finished=False), tmp_path / "new"
    (path,) = folder.glob("open-*")
    data = path.read_bytes()
    sealed = len(facts()) - sum(
        1 for batch in form.decode_batches(data, form.OPEN_SIZE)[0] for _ in wire.records(batch)
    )
    for stop in range(len(data)):
        path.write_bytes(data[:stop])
        whole = sealed + len(form.decode_batches(data[:stop], form.OPEN_SIZE)[0])
        assert repair(folder, target, PlainBackend()).kept == whole
        shutil.rmtree(target)


@pytest.mark.parametrize("folder", CORPUS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_folding_a_recording_again_gives_the_hash_that_it_tells(folder: Path) -> None:
    data = (folder / LOG).read_bytes()
    _, _, end = pieces(data)
    frame = form.decode_frame(end)
    index = form.decode_index(end[form.FRAME.size : form.FRAME.size + frame.stored])
    assert index.reducer <= REDUCER
    if index.reducer == REDUCER:
        assert hash_of(fold_log(folder)[0]) == index.state_hash


def test_a_reducer_that_comes_to_another_state_is_told(folder: Path) -> None:
    head, blocks, end = blocks_of((folder / LOG).read_bytes())
    frame = form.decode_frame(end)
    index = form.decode_index(end[form.FRAME.size : form.FRAME.size + frame.stored])
    raw = msgspec.msgpack.encode(form.Index(index.blocks, bytes(32), REDUCER))
    other = form.encode_frame(form.INDEX, form.RAW, frame.number, raw, len(raw), frame.span, frame.chain)
    put(folder, head, blocks, other + bytes(form.TRAILER.size))
    at = len(head) + sum(map(len, blocks))
    assert [(fault.kind, fault.offset) for fault in faults(folder)] == [("state", at)]


def test_what_is_cut_before_the_first_event_cannot_be_repaired(folder: Path, tmp_path: Path) -> None:
    data = (folder / LOG).read_bytes()
    head, blocks, _ = blocks_of(data)
    for stop in range(len(head) + 1, len(head) + form.FRAME.size + 1, 9):
        (folder / LOG).write_bytes(data[:stop])
        with pytest.raises(DamagedError, match="not one event can be saved"):
            repair(folder, tmp_path / "new", PlainBackend())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["01J"]
    assert blocks


@pytest.mark.parametrize("finished", [True, False])
def test_a_damaged_file_header_is_made_again_from_the_first_event(tmp_path: Path, *, finished: bool) -> None:
    folder = write(tmp_path / "01J", finished=finished)
    data = (folder / LOG).read_bytes()
    for at in range(form.decode_file_header(data)[1]):
        (folder / LOG).write_bytes(data[:at] + bytes([data[at] ^ 2]) + data[at + 1 :])
        repaired = repair(folder, tmp_path / "new", PlainBackend())
        assert (repaired.kept, repaired.run, repaired.header_made) == (len(facts()), "01J", True)
        assert faults(tmp_path / "new") == ()
        assert list(read_records(tmp_path / "new")) == facts()
        shutil.rmtree(tmp_path / "new")


def raw_blocks(folder: Path, run: str = "01J") -> Path:
    """A recording whose writer was killed before it sealed a block."""
    log = LogWriter(folder, LogHeader(run, 1), lambda _job: None)
    for record in facts():
        log.append(wire.encode(record), Span(1, record.seq, record.seq, record.time_ns, record.time_ns))
    os.close(log._log)
    return folder


def test_open_blocks_of_which_one_is_gone(tmp_path: Path) -> None:
    folder = raw_blocks(tmp_path / "01J")
    (folder / "open-00000002").unlink()
    behind = sorted(path.name for path in folder.glob("open-*"))[2:]
    assert len(behind) > 1
    assert [(fault.kind, fault.file) for fault in faults(folder)] == [
        ("end", LOG),
        *(("stray", name) for name in behind),
    ]


def test_an_open_block_of_another_run(tmp_path: Path) -> None:
    folder, other = raw_blocks(tmp_path / "01J"), raw_blocks(tmp_path / "01K", "01K")
    shutil.copy(other / "open-00000001", folder / "open-00000001")
    assert [(fault.kind, fault.file) for fault in faults(folder)] == [
        ("chain", "open-00000001"),
        ("chain", "open-00000002"),
        ("end", LOG),
    ]


def test_what_stands_before_an_event_that_is_none_is_saved(tmp_path: Path) -> None:
    """Its block has the right checksum: whoever wrote it, it was no Hive of this version."""
    log = LogWriter(tmp_path / "01J", LogHeader("01J", 1), lambda _job: None)
    for record in facts()[:4]:
        log.append(wire.encode(record), Span(1, record.seq, record.seq, record.time_ns, record.time_ns))
    kind = next(number for number, type_ in wire.KINDS.items() if type_ is AttemptStarted)
    log.append(wire.HEADER.pack(2, kind, 0, 1, 1, 5, 5000) + b"\x91\xff", Span(1, 5, 5, 5000, 5000))
    os.close(log._log)
    assert [(fault.kind, fault.file) for fault in faults(tmp_path / "01J")] == [
        ("records", "open-00000001"),
        ("end", LOG),
    ]
    repaired = repair(tmp_path / "01J", tmp_path / "new", PlainBackend())
    assert (repaired.kept, repaired.kept_ns) == (4, 4000)
    assert repaired.reason.startswith("event 5: AttemptStarted: ")
    assert faults(tmp_path / "new") == ()
