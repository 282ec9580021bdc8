"""The run that `scripts/bench replay` measures on: as long as was asked for, the same each time, and of real prose."""

from __future__ import annotations

import importlib
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hive_tui import wire
from hive_tui.events import Delta, Outcome, Record
from hive_tui.state import fold_all

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
EVENTS = 3_000


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    yield lambda name: importlib.import_module(f"benchmarks.{name}")
    for name in [name for name in sys.modules if name.partition(".")[0] == "benchmarks"]:
        del sys.modules[name]


def records_of(run: Any) -> list[Record]:
    return [wire.decode(data)[0] for part in run.parts() for data in part.records]


def test_it_is_a_whole_run_of_eight_streams(bench) -> None:
    run = bench("replay_run").Run(EVENTS, 7)
    records = records_of(run)
    assert [record.seq for record in records] == list(range(1, EVENTS + 1))
    assert all(one.time_ns <= other.time_ns for one, other in pairwise(records))
    state = fold_all(records)
    assert (state.outcome, state.missing, state.unknown, len(state.attempts)) == (Outcome.FINISHED, 0, 0, 8)
    assert run.text_bytes == sum(attempt.text.size for attempt in state.attempts)
    deltas = [record.event for record in records if isinstance(record.event, Delta)]
    assert all(len(delta.table) == wire.CHUNK.size and 4 <= len(delta.data) <= 8 for delta in deltas)


def test_it_is_the_same_each_time_and_another_with_another_seed(bench) -> None:
    make = bench("replay_run").Run
    first, again, other = (records_of(make(EVENTS, seed)) for seed in (1, 1, 2))
    assert first == again != other


def test_its_texts_are_passages_that_come_once(bench) -> None:
    made = bench("replay_run")
    whole = made.prose().encode()
    texts: dict[int, bytes] = {}
    for record in records_of(made.Run(EVENTS)):
        if isinstance(record.event, Delta):
            texts[record.stream] = texts.get(record.stream, b"") + record.event.data
    cut = [text[at : at + 200] for text in texts.values() for at in range(0, len(text) - 200, 200)]
    assert sum(piece in whole for piece in cut) > len(cut) / 3
    assert len(set(cut)) == len(cut)


def test_what_is_recorded_and_looked_at_is_that_run(bench, tmp_path: Path) -> None:
    run, folder = bench("replay_run").Run(EVENTS), tmp_path / "01J"
    cost = bench("replay_append").record(run, folder)
    sizes = bench("replay_append").sizes(folder, run)
    assert all(cost.values())
    assert sizes["log"] == pytest.approx(sizes["events"] + sizes["keyframes"] + sizes["index"])
    assert sizes["log"] * EVENTS == pytest.approx((folder / "log").stat().st_size)
    reader = bench("replay_reader")
    assert reader.verifies(folder)["events_a_second"] > 0
    assert reader.plays(folder)["p99"] > 0


def test_the_others_hold_the_same_events(bench, tmp_path: Path) -> None:
    beside, run = bench("replay_beside"), bench("replay_run").Run
    mcap = beside.in_mcap(run(EVENTS), tmp_path / "run.mcap", [0.5])
    sqlite = beside.in_sqlite(run(EVENTS), tmp_path / "run.sqlite", [0.5])
    wanted = [(r.seq, r.time_ns, r.stream, wire.encode_payload(r.event)[2]) for r in records_of(run(EVENTS))]
    database = beside.open_sqlite(tmp_path / "run.sqlite")
    assert database.execute("SELECT seq, time_ns, stream, payload FROM events ORDER BY seq").fetchall() == wanted
    database.close()
    with (tmp_path / "run.mcap").open("rb") as file:
        messages = list(beside.make_reader(file).iter_messages(log_time_order=False))
    assert [(m.sequence, m.log_time, int(c.topic), m.data) for _, c, m in messages] == wanted
    assert mcap["bytes_an_event"] > 0 < sqlite["bytes_an_event"]
