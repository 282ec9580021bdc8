"""Texts and gaps are found in whole blocks, with the same result as event by event from the run's beginning."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hive_tui.recording.navigation.breaks as breaks_module
import hive_tui.recording.navigation.search as search_module
import hive_tui.recording.writer as writer_module
from hive_tui import wire
from hive_tui.events import AttemptStarted, Channel, Delta, Event, Record, Warned
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.navigation.breaks import Condition, Hit, find
from hive_tui.recording.navigation.search import around
from hive_tui.recording.navigation.walker import Place, chunk_ends
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.writer import LogWriter
from hive_tui.wire import CHUNK, CONTINUES, LENGTH_MASK
from tests.test_state import START

PATTERNS = (
    *("ab", "a b", "é", "a+b", "a*", "(a|b)[.]", "[^a]b", "a.*b", "a{2}", "(?:ab)?b", "A", r"\w\s", r"[\]b]", "a|^b"),
    *(
        "^a",
        "b$",
        r"\bab\b",
        r"\Aa",
        r"b\Z",
        "[$^]|bb",
        "a(?=b)",
        "(?<![ab])b(?!(a|[)])|[)])",
        "a(?=b)?",
        r"(a)\1",
        "a++b",
        "(?i:a)b",
        "nowhere",
    ),
)
CHUNKS = st.lists(
    st.tuples(st.integers(0, 9_000), st.text("ab .é\n", max_size=5), st.booleans()), min_size=1, max_size=3
)
FACTS = st.lists(
    st.one_of(
        st.tuples(st.integers(1, 2), st.integers(0, 5_000_000), st.sampled_from(Channel), CHUNKS),
        st.tuples(st.integers(0, 2), st.integers(0, 5_000_000), st.none(), st.none()),
    ),
    max_size=70,
)


def recorded(folder: Path, facts: list[tuple[int, int, Channel | None, list[tuple[int, str, bool]] | None]]) -> Path:
    events: list[tuple[int, int, Event]] = [(0, 0, START)]
    events += [(n, 0, AttemptStarted("generator", "m", "e")) for n in (1, 2)]
    for stream, wait, channel, chunks in facts:
        if channel is None or chunks is None:
            events.append((stream, wait, Warned("a", "ab")))
            continue
        table = b"".join(CHUNK.pack(age, len(text.encode()) | CONTINUES * more) for age, text, more in chunks)
        events.append((stream, wait, Delta(channel, table, "".join(text for _, text, _ in chunks).encode())))
    log, time_ns = LogWriter(folder / "01J", LogHeader("01J", 0), lambda job: job()), 10_000_000
    for seq, (stream, wait, event) in enumerate(events, 1):
        time_ns += wait
        log.append(wire.encode(Record(1, seq, time_ns, stream, event)), Span(1, seq, seq, time_ns, time_ns))
    log.finish()
    return log.folder


def behind(record: Record, entry: int) -> Place:
    ends = chunk_ends(record)
    shown = next(at for at, end in enumerate(ends, 1) if end > entry)
    return Place(record.seq) if shown == len(ends) else Place(record.seq - 1, shown)


def all_gaps(records: list[Record], gap_ns: int) -> Iterator[Hit]:
    last: dict[int, int] = {}
    for record in records:
        table = record.event.table if isinstance(record.event, Delta) else b""
        for entry, (age_us, _, continues) in enumerate(wire.chunks(table)):
            came_ns = record.time_ns - age_us * 1000
            if not continues and came_ns - last.get(record.stream, came_ns) > gap_ns:
                yield Hit(behind(record, entry), record.time_ns, record.stream)
            last[record.stream] = came_ns


def all_texts(records: list[Record], pattern: re.Pattern[str]) -> Iterator[Hit]:
    """All that was said before is looked through with each piece."""
    said: dict[tuple[int, int], str] = {}
    for record in records:
        if not isinstance(delta := record.event, Delta):
            continue
        key, fresh = (record.stream, int(delta.channel)), delta.data.decode()
        before = said.get(key, "")
        said[key] = before + fresh
        for found in pattern.finditer(before + fresh):
            if found[0] and found.end() > len(before):
                size, entry = len(said[key][len(before) : found.end()].encode()), 0
                sizes = [length & LENGTH_MASK for _, length in CHUNK.iter_unpack(delta.table)]
                ends = chunk_ends(record)
                entry = next(end - 1 for end in ends if sum(sizes[:end]) >= size)
                yield Hit(behind(record, entry), record.time_ns, record.stream)


@settings(max_examples=150, deadline=None)
@given(
    FACTS,
    st.one_of(
        st.sampled_from(PATTERNS).map(lambda pattern: Condition("text", pattern=pattern)),
        st.sampled_from(["0", "0.5", "3", "8"]).map(lambda ms: Condition("gap", amount=Decimal(ms))),
    ),
    st.integers(0, 80),
    st.integers(0, 2),
)
def test_what_is_found_is_what_is_there(
    facts: list[tuple[int, int, Channel | None, list[tuple[int, str, bool]] | None]],
    condition: Condition,
    seq: int,
    chunks: int,
) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as root:
        patch.setattr(writer_module, "BLOCK_SIZE", 300)
        patch.setattr(breaks_module, "STRETCH", 4)
        patch.setattr(search_module, "WINDOW", 8)
        timeline = Timeline(recorded(Path(root), facts))
        records, after = list(timeline.records(0)), Place(min(seq, timeline.last_seq), chunks)
        if condition.kind == "gap":
            there = list(all_gaps(records, int(condition.amount * 1_000_000)))
        else:
            there = list(all_texts(records, re.compile(condition.pattern, re.IGNORECASE)))
        assert find(timeline, condition, after) == next((hit for hit in there if hit.place > after), None)
        before = [hit for hit in there if hit.place < after]
        assert find(timeline, condition, after, backwards=True) == (before[-1] if before else None)
        timeline.close()


def test_text_that_is_none_is_refused(tmp_path: Path) -> None:
    folder = recorded(tmp_path, [(1, 0, Channel.ANSWER, [(0, "ab", False)])])
    timeline = Timeline(folder)
    raw = timeline.blocks.raw(0)
    timeline.blocks._raw[0] = raw[:-1] + b"\xff"
    with pytest.raises(wire.WireError, match=r"no UTF-8"):
        find(timeline, Condition("text", pattern=r"(a)\1"), Place())
    timeline.blocks._raw[0] = raw[:-14] + b"\xff" + raw[-13:]
    for condition in (Condition("text", pattern=r"(a)\1"), Condition("gap")):
        with pytest.raises(wire.WireError, match="chunks announced"):
            find(timeline, condition, Place())
    timeline.close()


@pytest.mark.parametrize("pattern", ["fox", "fo+", "f.*x", "(a|b)?c", "[^a]b", r"\d{2,3}", r"a\+", "(?:fo){2}x", "é"])
def test_a_match_of_most_patterns_is_one_wherever_it_stands(pattern: str) -> None:
    found = around(re.compile(pattern))
    assert found is not None
    assert found.pattern == pattern


@pytest.mark.parametrize(
    ("pattern", "rest"),
    [
        (r"^\bfox[$^]\Z", "(?:)(?:)fox[$^](?:)"),
        ("a(?=b)", "a(?:)"),
        (r"(?<!(a|[)])\))b(?!(?=c))d", "(?:)b(?:)d"),
        ("(?=a)?(?P<name>b)", "(?:)?(?P<name>b)"),
    ],
)
def test_what_looks_around_is_left_out(pattern: str, rest: str) -> None:
    found = around(re.compile(pattern, re.IGNORECASE))
    assert found is not None
    assert found.pattern == rest
    assert found.flags & re.IGNORECASE


@pytest.mark.parametrize("pattern", [r"(a)\1", "a++", "a*+", "a?+b", "a{2}+", "(?>a)", "(?i:a)", "(a)?(?(1)b|c)"])
def test_patterns_that_point_back_or_keep_what_they_took_are_looked_for_in_records(pattern: str) -> None:
    assert around(re.compile(pattern)) is None
