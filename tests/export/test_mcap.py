"""MCAP, read back with the package's own reader."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from mcap.reader import make_reader

from hive_tui.events import Unknown
from hive_tui.export import mcap
from hive_tui.export.jsonl import Line, decode_line, record_of
from hive_tui.recording.reader import LogCursor
from hive_tui.recording.timeline import Timeline
from tests.export.test_asciicast import BEGUN, CORPUS, recorded
from tests.test_state import delta


def written(folder: Path, file: Path, until: int = 1 << 62) -> Path:
    timeline = Timeline(folder)
    file.write_bytes(b"".join(mcap.pieces(timeline, until, simulated=True)))
    timeline.close()
    return file


def test_each_record_is_a_message_that_gives_the_record_again(tmp_path: Path) -> None:
    again = bytearray()
    timeline = Timeline(CORPUS)
    wall_ns, last = timeline.blocks.header.wall_ns, timeline.last_seq
    timeline.close()
    with written(CORPUS, tmp_path / "run.mcap").open("rb") as file:
        for schema, channel, message in make_reader(file, validate_crcs=True).iter_messages():
            line = decode_line(message.data)
            assert isinstance(line, Line)
            assert schema is not None
            assert (schema.name, schema.encoding, channel.message_encoding) == ("hive.Record", "jsonschema", "json")
            assert channel.topic == (f"stream/{line.stream}" if line.stream else "run")
            assert (message.sequence, message.log_time) == (line.seq, wall_ns + line.time_ns)
            assert message.publish_time == message.log_time - (line.chunks[0][0] * 1000 if line.chunks else 0)
            again += record_of(line)
    assert message.sequence == last
    assert bytes(again) == b"".join(LogCursor(CORPUS).read())


def test_the_file_says_whose_it_is(tmp_path: Path) -> None:
    with written(CORPUS, tmp_path / "run.mcap").open("rb") as file:
        reader = make_reader(file)
        assert [(each.name, each.metadata) for each in reader.iter_metadata()] == [
            ("hive", {"run": CORPUS.name, "version": "0.1.0", "simulated": "true"})
        ]
        summary = reader.get_summary()
        assert summary is not None
        told = {channel.topic: channel.metadata.get("stage") for channel in summary.channels.values()}
        assert (told["run"], told["stream/1"]) == (None, "generator")
        names = set(json.loads(next(iter(summary.schemas.values())).data)["properties"])
        assert names == set(Line.__struct_fields__)


def test_strange_records_are_kept(tmp_path: Path) -> None:
    facts = [*BEGUN, (5, 9, Unknown(200, b"\x00\xff")), (6, 1, delta("wörd\x9b\u2028"))]
    with written(recorded(tmp_path / "run", facts), tmp_path / "run.mcap").open("rb") as file:
        messages = [message.data for _, _, message in make_reader(file).iter_messages()]
    assert messages[-1].isascii() or b"\xc2\x9b" not in messages[-1]
    assert [json.loads(each)["kind"] for each in messages[-2:]] == [200, "Delta"]


def test_up_to_a_moment_nothing_later_is_there(tmp_path: Path) -> None:
    with written(CORPUS, tmp_path / "run.mcap", until=5).open("rb") as file:
        assert [message.sequence for _, _, message in make_reader(file).iter_messages()] == [1, 2, 3, 4, 5]


def test_without_the_package_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "mcap.writer", None)
    with pytest.raises(mcap.NeedsPackageError):
        written(CORPUS, tmp_path / "run.mcap")
