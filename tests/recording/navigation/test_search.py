"""Words are found a block at a time where that may be, with the same result as a record at a time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hive_tui.recording.navigation.search as search_module
import hive_tui.recording.writer as writer_module
from hive_tui import wire
from hive_tui.events import AttemptStarted, Channel, Delta, Event, Record
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.navigation.search import texts_found, words_pattern
from hive_tui.recording.navigation.walker import Place
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.writer import LogWriter
from tests.test_state import START

NOTHING = re.compile("(?!)")
pieces = st.lists(
    st.tuples(st.integers(1, 2), st.sampled_from(Channel), st.text("ab .é\n", min_size=1, max_size=9)), max_size=80
)


def recorded(folder: Path, texts: list[tuple[int, Channel, str]]) -> Path:
    log = LogWriter(folder / "01JRUN", LogHeader("01JRUN", 0), lambda job: job())
    facts: list[tuple[int, Event]] = [(0, START), *((n, AttemptStarted("generator", "m", "e")) for n in (1, 2))]
    for stream, channel, text in texts:
        data = text.encode()
        facts.append((stream, Delta(channel, wire.CHUNK.pack(0, len(data)), data)))
    for seq, (stream, event) in enumerate(facts, 1):
        log.append(wire.encode(Record(1, seq, seq, stream, event)), Span(1, seq, seq, seq, seq))
    log.finish()
    return log.folder


@settings(max_examples=80, deadline=None)
@given(pieces, st.sampled_from(["ab", "a b", "b. a", "é", "bb a"]), st.integers(0, 60), st.integers(0, 90))
def test_blocks_and_records_find_the_same(tmp_path_factory, texts, words: str, after: int, until: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer_module, "BLOCK_SIZE", 400)
        timeline = Timeline(recorded(tmp_path_factory.mktemp("s"), texts))
        pattern, start = words_pattern(words), Place(min(after, timeline.last_seq))
        by_block = list(texts_found(timeline, pattern, start, until))
        patch.setattr(search_module, "_PLAIN", NOTHING)
        by_record = list(texts_found(timeline, pattern, start, until))
    assert by_block == by_record
    timeline.close()


@pytest.mark.parametrize("pattern", ["fox$", "^the", r"\bfox", "f.x", "(fox)", "fo+", "[f]ox", "fox(?! )", "a|b"])
def test_patterns_that_look_around_are_looked_for_in_records(pattern: str) -> None:
    assert search_module._PLAIN.fullmatch(pattern) is None


@pytest.mark.parametrize("words", ["fox", "a quick fox", "1+1 = 2?", "(x) [y] {z} ^_$ a|b", "naïve café"])
def test_words_are_looked_for_in_blocks(words: str) -> None:
    assert search_module._PLAIN.fullmatch(words_pattern(words).pattern)


def test_a_search_rests_at_each_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "BLOCK_SIZE", 400)
    timeline = Timeline(recorded(tmp_path, [(1, Channel.ANSWER, "word ")] * 60))
    rests: list[None] = []
    monkeypatch.setattr(timeline, "rest", lambda: rests.append(None))
    assert list(texts_found(timeline, words_pattern("elephant"), Place(), timeline.last_seq)) == []
    assert len(rests) == len(timeline.blocks.places) > 3
    timeline.close()
