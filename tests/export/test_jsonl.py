"""JSON Lines: every record of every recording goes there and back, byte for byte."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tempfile
from codecs import BOM_UTF8
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hive_tui import wire
from hive_tui.config.runid import run_id
from hive_tui.events import AttemptStarted, Carried, Channel, Delta, Outcome, Params, Record, RunEnded, Unknown
from hive_tui.export.importing import ImportFailedError, RunExistsError, import_run
from hive_tui.export.jsonl import LineError, decode_header, decode_line, lines, record_of
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.reader import LogCursor
from hive_tui.recording.summary import read_summary
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.writer import LogWriter
from hive_tui.wire import CHUNK, CONTINUES, DELTA_KIND, HEADER
from tests.test_state import START, delta, runs

RUN = run_id(1_700_000_000_000, bytes(10))
OTHER = run_id(1_600_000_000_000, bytes(10))
BEGUN = replace(START, run=RUN)


def told(*events: object) -> list[Record]:
    """The run's start and what follows it, in stream 1 as far as it belongs to a stream."""
    facts = [BEGUN, AttemptStarted("generator", "sim/one", "simulator"), *events]
    return [Record(7, seq, seq * 1000, int(seq > 1), event) for seq, event in enumerate(facts, 1)]  # type: ignore[arg-type]


def recorded(root: Path, raw: list[bytes]) -> Path:
    log = LogWriter(root / "source", LogHeader(RUN, 5, "0.1"), lambda job: job())
    for record in raw:
        head = HEADER.unpack_from(record)
        log.append(record, Span(1, head[5], head[5], head[6], head[6]))
    log.finish()
    return root / "source"


def exported(folder: Path, until: int = 1 << 62) -> bytes:
    timeline = Timeline(folder)
    try:
        return b"".join(lines(timeline, until, simulated=True))
    finally:
        timeline.close()


def raw_of(folder: Path) -> bytes:
    return b"".join(LogCursor(folder).read())


def there_and_back(raw: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        source = recorded(root, raw)
        run = import_run(io.BytesIO(exported(source)), root / "runs")
        assert run == RUN
        assert raw_of(root / "runs" / RUN) == b"".join(raw)
        assert LogCursor(root / "runs" / RUN).header == LogCursor(source).header
        assert [each.name for each in (root / "runs").iterdir()] == [RUN]


@given(runs())
def test_any_run_comes_back_byte_for_byte(records: list[Record]) -> None:
    first = Record(1, 1, 1000, 0, BEGUN)
    rest = [replace(record, seq=record.seq + 1, time_ns=record.time_ns + 1000) for record in records]
    there_and_back([wire.encode(record) for record in (first, *rest)])


@given(st.lists(st.tuples(st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 32) - 1)), max_size=5), st.text())
def test_any_delta_comes_back_byte_for_byte(table: list[tuple[int, int]], text: str) -> None:
    packed = b"".join(CHUNK.pack(*entry) for entry in table)
    event = Delta(Channel.REASONING, packed, text.encode("utf-8", "replace"))
    there_and_back([wire.encode(record) for record in told(event)])


@pytest.mark.parametrize(
    ("kind", "flags", "payload"),
    [
        pytest.param(10, 0, b"\x83\xa4code\xa1a\xa7message\xa1b\xa5later\x01", id="a field that we do not know"),
        pytest.param(10, 0, b"\x82\xa4code\xd9\x01a\xa7message\xa1b", id="another way to write the same"),
        pytest.param(200, 0, b"\x00\xff", id="a kind that we do not know"),
        pytest.param(10, 1, b"any", id="a flag that we do not know"),
        pytest.param(DELTA_KIND, 0, b"\x09\0\0\0\0\0\0\0text", id="a channel that we do not know"),
    ],
)
def test_what_this_version_would_write_otherwise_comes_back_byte_for_byte(
    kind: int, flags: int, payload: bytes
) -> None:
    strange = HEADER.pack(len(payload), kind, flags, 7, 1, 3, 3000) + payload
    there_and_back([*(wire.encode(record) for record in told()), strange])


def test_numbers_that_json_cannot_hold_come_back_byte_for_byte() -> None:
    params = Params(temperature=float("nan"), top_p=float("inf"))
    there_and_back([wire.encode(record) for record in told(AttemptStarted("a", "m", "e", params=params))])


def test_a_person_can_read_the_lines(tmp_path: Path) -> None:
    pieces = Delta(Channel.ANSWER, CHUNK.pack(3, 2) + CHUNK.pack(1, 3 | CONTINUES), "hé\x9bx".encode())
    data = exported(recorded(tmp_path, list(map(wire.encode, told(pieces, Unknown(200, b"\x01"))))))
    header, *records, end = map(json.loads, data.splitlines())
    assert header == {
        "hive_jsonl": 1, "run": RUN, "wall_ns": 5, "version": "0.1", "simulated": True, "end": "sound", "source": ""
    }  # fmt: skip
    assert [record["kind"] for record in records] == ["RunStarted", "AttemptStarted", "Delta", 200]
    assert records[0]["event"]["question"] == "why?"
    assert (records[2]["text"], records[2]["chunks"]) == ("hé\x9bx", [[3, 2], [1, 3, 1]])
    assert end == {"records": 4, "sha256": hashlib.sha256(raw_of(tmp_path / "source")).hexdigest()}
    assert b"\\u009b" in data, "nothing in it acts on a terminal"


def test_an_export_up_to_a_moment_holds_the_events_before_it(tmp_path: Path) -> None:
    folder = recorded(tmp_path, list(map(wire.encode, told(delta("a"), delta("b")))))
    import_run(io.BytesIO(exported(folder, until=3)), tmp_path / "runs")
    assert [record.seq for record in LogCursor(tmp_path / "runs" / RUN).records()] == [1, 2, 3]


@pytest.mark.parametrize("until", [3, 4, 5])
def test_an_import_ends_as_its_source_does(tmp_path: Path, until: int) -> None:
    folder = recorded(tmp_path, list(map(wire.encode, told(delta("a"), delta("b"), delta("c")))))
    data = exported(folder, until)
    assert json.loads(data.splitlines()[0])["end"] == ("sound" if until == 5 else "cut")
    import_run(io.BytesIO(data), tmp_path / "runs")
    cursor = LogCursor(tmp_path / "runs" / RUN)
    assert len(list(cursor.records())) == until
    assert cursor.complete == (until == 5)
    log = folder / "log"
    log.write_bytes(log.read_bytes()[:-1])
    assert json.loads(exported(folder).splitlines()[0])["end"] == "torn"


def test_an_imported_run_that_ended_has_its_summary(tmp_path: Path) -> None:
    records = [*told(), Record(7, 3, 3000, 0, RunEnded(Outcome.FINISHED))]
    folder = recorded(tmp_path, list(map(wire.encode, records)))
    import_run(io.BytesIO(exported(folder)), tmp_path / "runs")
    summary = read_summary(tmp_path / "runs" / RUN)
    assert summary is not None
    assert (summary.run, summary.outcome, summary.seq) == (RUN, "finished", 3)


def test_a_redacted_copy_names_its_source_when_it_comes_back(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "copy", LogHeader(RUN, 5, "0.1", OTHER), lambda job: job())
    for record in told():
        log.append(wire.encode(record), Span(1, record.seq, record.seq, record.time_ns, record.time_ns))
    log.finish()
    data = exported(tmp_path / "copy")
    import_run(io.BytesIO(data), tmp_path / "runs")
    assert LogCursor(tmp_path / "runs" / RUN).header == LogHeader(RUN, 5, "0.1", OTHER)
    with pytest.raises(ImportFailedError, match="line 1: source"):
        import_run(io.BytesIO(data.replace(OTHER.encode(), b"\\u001b[31m")), tmp_path / "others")
    assert not (tmp_path / "others").exists()


def test_a_run_that_is_there_already_stays_as_it_is(tmp_path: Path) -> None:
    data = exported(recorded(tmp_path, list(map(wire.encode, told()))))
    import_run(io.BytesIO(data), tmp_path / "runs")
    before = raw_of(tmp_path / "runs" / RUN)
    with pytest.raises(RunExistsError, match="is there already"):
        import_run(io.BytesIO(data), tmp_path / "runs")
    assert raw_of(tmp_path / "runs" / RUN) == before


def test_a_file_that_was_cut_anywhere_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    data = exported(recorded(tmp_path, list(map(wire.encode, told(delta("word"))))))
    for size in range(len(data) - 1):  # The last line's break may be missing.
        with pytest.raises(ImportFailedError):
            import_run(io.BytesIO(data[:size]), tmp_path / "runs")
    assert list((tmp_path / "runs").iterdir()) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'"hive_jsonl":1', b'"hive_jsonl":2', "line 1: made by a newer Hive"),
        (b'"hive_jsonl":1', b'"other":1', "line 1: this is no export of Hive"),
        (RUN.encode(), b"../../../../../tmp/evil/evi", "line 1: expected a run's id"),
        (b'"seq":2', b'"seq":1', "line 3: event 1 at 2000 ns cannot follow event 1 at 1000 ns"),
        (b'"seq":2', b'"seq":3', "line 3: event 3 at 2000 ns cannot follow event 1 at 1000 ns"),
        (b'"time_ns":2000', b'"time_ns":999', "line 3: event 2 at 999 ns cannot follow event 1 at 1000 ns"),
        (b'"seq":2', b'"seq":-2', "line 3: slot, stream, seq or time_ns beyond its bits"),
        (b'"kind":"AttemptStarted"', b'"kind":"Nothing"', "line 3: unknown kind 'Nothing'"),
        (b'"kind":"AttemptStarted"', b'"kind":"RunEnded"', "line 3: holds no event of the kind RunEnded"),
        (b'"kind":"RunStarted"', b'"kind":"CancelRequested"', "line 2: the first event has to be the start"),
        (b'"chunks":[[1,4]]', b'"chunks":[[1,4,2]]', "line 4: chunks: expected"),
        (b'"records":3', b'"records":4', "line 5: says 4 records, and there are 3"),
        (b'"text":"word"', b'"text":"lord"', "line 5: the records are not those of the recording"),
        (b'"end":"sound"', b'"end":"other"', "line 1: "),
    ],
)
def test_a_file_that_was_changed_is_refused_with_line_and_reason(
    tmp_path: Path, old: bytes, new: bytes, message: str
) -> None:
    data = exported(recorded(tmp_path, list(map(wire.encode, told(delta("word"))))))
    assert old in data
    with pytest.raises(ImportFailedError, match=message.replace("[", r"\[")):
        import_run(io.BytesIO(data.replace(old, new, 1)), tmp_path / "runs")
    assert not (tmp_path / "runs").exists() or list((tmp_path / "runs").iterdir()) == []


def test_an_export_of_the_moment_before_the_run_is_no_run(tmp_path: Path) -> None:
    data = exported(recorded(tmp_path, list(map(wire.encode, told()))), until=0)
    with pytest.raises(ImportFailedError, match="line 2: is an export of the moment before the run's first event"):
        import_run(io.BytesIO(data), tmp_path / "runs")


def test_two_files_in_one_are_refused(tmp_path: Path) -> None:
    data = exported(recorded(tmp_path, list(map(wire.encode, told()))))
    with pytest.raises(ImportFailedError, match="line 6: something stands behind the line that counts the records"):
        import_run(io.BytesIO(data + b"\n" + data), tmp_path / "runs")
    assert list((tmp_path / "runs").iterdir()) == []
    import_run(io.BytesIO(data + b"\r\n\n"), tmp_path / "runs")


def test_other_programs_may_write_the_keys_in_another_order_and_with_more_space(tmp_path: Path) -> None:
    source = recorded(tmp_path, list(map(wire.encode, told(delta("word")))))
    rows = [json.loads(line) for line in exported(source).splitlines()]
    data = "".join(f"  {json.dumps(dict(reversed(row.items())), ensure_ascii=False)} \r\n" for row in rows)
    import_run(io.BytesIO(BOM_UTF8 + data.encode()), tmp_path / "runs")
    assert raw_of(tmp_path / "runs" / RUN) == raw_of(source)


def test_a_file_that_was_packed_is_named_as_such(tmp_path: Path) -> None:
    data = gzip.compress(exported(recorded(tmp_path, list(map(wire.encode, told())))))
    with pytest.raises(ImportFailedError, match="line 1: this is packed by gzip"):
        import_run(io.BytesIO(data), tmp_path / "runs")


@given(st.binary(max_size=60))
def test_any_bytes_are_a_line_or_refused(data: bytes) -> None:
    for decode in (decode_header, decode_line):
        with suppress(LineError):
            decode(data)


@given(st.integers(0, 300), st.binary(max_size=30), st.integers(0, 2))
def test_a_payload_that_a_log_could_not_fold_is_refused(kind: int, payload: bytes, flags: int) -> None:
    text = {"seq": 1, "time_ns": 1, "stream": 0, "slot": 1, "kind": kind, "flags": flags}
    line = decode_line(json.dumps({**text, "payload": base64.b64encode(payload).decode()}).encode())
    try:
        record = record_of(line)  # type: ignore[arg-type]
    except LineError:
        return
    assert wire.decode(record)[1] == len(record)


def test_a_log_of_many_blocks_comes_back_with_its_summary(tmp_path: Path) -> None:
    records = told(*(delta("word " * 40) for _ in range(2_000)))
    end = Record(7, len(records) + 1, 3_000_000, 0, RunEnded(Outcome.FINISHED, answer=Carried(1)))
    folder = recorded(tmp_path, list(map(wire.encode, [*records, end])))
    import_run(io.BytesIO(exported(folder)), tmp_path / "runs")
    assert raw_of(tmp_path / "runs" / RUN) == raw_of(folder)
    summary = read_summary(tmp_path / "runs" / RUN)
    assert summary is not None
    assert summary.answer_size == 400_000
