"""Statistics over many runs: what plain counting gives, from files that are made once and made again when spoilt."""

from __future__ import annotations

import os
import shutil
from array import array
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hive_tui.recording.derived import sha256_of
from hive_tui.recording.folder import LOG
from hive_tui.recording.summary import read_summary
from hive_tui.recording.timeline import Timeline
from hive_tui.statistics.calls import gaps_of
from hive_tui.statistics.folders import FILE, across
from hive_tui.statistics.groups import Group, Wanted
from hive_tui.statistics.rows import Row, kept_gaps, rows_of
from hive_tui.statistics.table import CallTable
from tests.corpus import FINISHED as ONE

ROW = Row(
    run="01a",
    wall_ns=1,
    simulated=False,
    stage="generator",
    round=1,
    number=1,
    model="m",
    endpoint="far",
    reason="first",
    outcome="finished",
    error=None,
    connect_ns=None,
    first_token_ns=None,
    streaming_ns=None,
    chunks=0,
    size=0,
    tokens=None,
    tokens_per_s=None,
    stalls=0,
    gap_max_ns=None,
    gaps_us=(),
    gap_counts=(),
    cost_usd=None,
)
ALL = Wanted()
KNOWN = st.none() | st.integers(0, 10**12)
GAPS = st.lists(st.integers(0, 10**11), max_size=30)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    gaps = array("Q", draw(GAPS))
    kept = sorted(kept_gaps(gaps).items())
    return replace(
        ROW,
        run=draw(st.sampled_from(["01a", "01b"])),
        wall_ns=draw(st.integers(0, 5)),
        model=draw(st.sampled_from(["m", "n", "100%"])),
        outcome=draw(st.sampled_from([None, "finished", "errored", "cancelled", "timed_out", "truncated"])),
        reason=draw(st.sampled_from(["first", "retry", "fallback", "asked"])),
        connect_ns=draw(KNOWN),
        gaps_us=tuple(gap for gap, _ in kept),
        gap_counts=tuple(count for _, count in kept),
        gap_max_ns=max(gaps, default=None),
        cost_usd=draw(st.sampled_from([None, "0.1", "0.25", "1e90"])),
    )


def told(path: Path, made: list[Row], wanted: Wanted = ALL) -> dict[str, Group]:
    with CallTable() as table:
        files = [path / "one.parquet", path / "other.parquet"]
        table.write(made[::2], files[0])
        table.write(made[1::2], files[1])
        return {group.model: group for group in table.groups(files, wanted)}


@settings(max_examples=25, deadline=None)
@given(made=st.lists(rows(), max_size=12))
def test_groups_are_what_counting_gives(tmp_path_factory: pytest.TempPathFactory, made: list[Row]) -> None:
    found = told(tmp_path_factory.mktemp("table"), made)
    assert set(found) == {row.model for row in made}
    for model, group in found.items():
        own = [row for row in made if row.model == model]
        ended = [row.outcome for row in own if row.outcome not in (None, "cancelled")]
        assert (group.calls, group.runs) == (len(own), len({row.run for row in own}))
        assert (group.failed, group.over) == (sum(each != "finished" for each in ended), len(ended))
        assert group.retries == sum(row.reason in ("retry", "fallback") for row in own)
        assert group.cost_usd == sum((Decimal(c) for row in own if (c := row.cost_usd) in ("0.1", "0.25")), Decimal(0))
        assert group.cost_unknown == sum(row.cost_usd in (None, "1e90") for row in own)
        for spread, values in (
            (group.connect_ns, [row.connect_ns for row in own if row.connect_ns is not None]),
            (group.gaps_ns, [gap for row in own for gap in _gaps(row)]),
        ):
            plain = gaps_of(values)
            assert spread.count == len(values)
            expected = (None, None, None) if plain is None else (plain.p50_ns, plain.p95_ns, plain.p99_ns)
            assert (spread.p50, spread.p95, spread.p99) == expected
        assert group.gaps_ns.max == max((row.gap_max_ns for row in own if row.gap_max_ns is not None), default=None)


def _gaps(row: Row) -> list[int]:
    kept = zip(row.gaps_us, row.gap_counts, strict=True)
    return [gap * 1000 for gap, count in kept for _ in range(count)]


@given(GAPS)
def test_a_gap_is_kept_to_three_digits(gaps: list[int]) -> None:
    kept = kept_gaps(array("Q", gaps))
    assert sum(kept.values()) == len(gaps)
    longest = max(gaps, default=0) // 1000
    assert 0 <= longest - max(kept, default=0) <= longest // 100


def test_only_what_is_wanted(tmp_path: Path) -> None:
    made = [replace(ROW, model=model, wall_ns=at) for at, model in enumerate(["a/x-1", "a/y", "100%", "b_c"], 1)]
    assert set(told(tmp_path, made, Wanted(models=("a/*",)))) == {"a/x-1", "a/y"}
    assert set(told(tmp_path, made, Wanted(models=("100%", "b?c")))) == {"100%"}
    assert set(told(tmp_path, made, Wanted(since_ns=3))) == {"100%", "b_c"}
    assert told(tmp_path, made, Wanted(endpoints=("near",))) == {}


def test_a_run_of_very_many_calls(tmp_path: Path) -> None:
    made = [replace(ROW, number=number, connect_ns=number) for number in range(1, 456)]
    group = told(tmp_path, made)["m"]
    assert (group.calls, group.connect_ns.p50, group.connect_ns.max) == (455, 228, 455)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number in range(3):
        shutil.copytree(ONE, tmp_path / f"{ONE.name[:-1]}{number}")
    return tmp_path


def test_a_second_call_reads_only_what_is_new(root: Path) -> None:
    heard: list[tuple[int, int]] = []
    first = across(root, Wanted(), lambda done, count: heard.append((done, count)))
    assert (first.runs, first.fresh, heard[-1]) == (3, 3, (3, 3))
    made = {path: path.stat().st_mtime_ns for path in root.glob(f"*/{FILE}")}
    shutil.copytree(ONE, root / "01m82d1e7cmene0ec6xva36zzz")
    second = across(root, Wanted())
    assert (second.runs, second.fresh) == (4, 1)
    assert {path: path.stat().st_mtime_ns for path in made} == made
    assert sum(group.calls for group in second.groups) == 4 * len(_calls(root))
    assert across(root, Wanted()).groups == second.groups


def _calls(root: Path) -> list[Row]:
    timeline = Timeline(next(root.iterdir()))
    found = rows_of(timeline.last_state())
    timeline.close()
    return found


def test_the_files_hash_stands_in_the_summary(root: Path) -> None:
    across(root, Wanted())
    for path in root.glob(f"*/{FILE}"):
        summary = read_summary(path.parent)
        assert summary is not None
        assert [(each.name, each.sha256) for each in summary.derived] == [(FILE, sha256_of(path))]


def test_a_spoilt_file_is_made_again(root: Path) -> None:
    before = across(root, Wanted())
    spoilt = next(root.glob(f"*/{FILE}"))
    spoilt.write_bytes(b"nothing")
    found = across(root, Wanted())
    assert (found.groups, found.fresh) == (before.groups, 1)


def test_what_cannot_be_read_is_named_and_the_rest_is_told(root: Path) -> None:
    bad, whole = sorted(root.iterdir())[:2]
    (bad / LOG).write_bytes(b"no recording")
    found = across(root, Wanted())
    assert (found.unread, found.runs) == ((bad.name,), 2)
    assert found.groups
    assert (whole / FILE).exists()


def test_a_log_that_was_emptied_is_no_run_that_goes_on(root: Path) -> None:
    emptied, begun = sorted(root.iterdir())[:2]
    (emptied / LOG).write_bytes(b"")
    (begun / LOG).write_bytes(b"")
    (begun / "summary.json").unlink()
    found = across(root, Wanted())
    assert (found.unread, found.live, found.runs) == ((emptied.name,), 1, 1)


def test_a_folder_that_takes_no_file_is_read_each_time(root: Path) -> None:
    for folder in root.iterdir():
        os.unlink(folder / "summary.json")
    first, second = across(root, Wanted()), across(root, Wanted())
    assert first == second
    assert (first.fresh, first.runs) == (3, 3)
    assert not list(root.glob(f"*/{FILE}"))


def test_no_runs_at_all(tmp_path: Path) -> None:
    found = across(tmp_path / "nothing", Wanted())
    assert (found.groups, found.runs) == ((), 0)
