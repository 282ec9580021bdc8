"""Markers: a side file that nobody's marker is lost from, and that the log does not know of."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hive_tui.recording.folder import MARKERS
from hive_tui.recording.navigation.markers import Marker, MarkerError, add, read_markers, remove
from hive_tui.recording.navigation.walker import Place


def marker(name: str, seq: int = 1, chunks: int = 0) -> Marker:
    return Marker(name, f"note of {name}", seq, chunks, 7)


def test_markers_come_back_in_the_order_of_their_places(tmp_path: Path) -> None:
    assert read_markers(tmp_path, "01J") == ()
    for each in (marker("b", 9), marker("a", 3, 2), marker("c", 3, 1)):
        add(tmp_path, "01J", each)
    assert [(each.name, each.place) for each in read_markers(tmp_path, "01J")] == [
        ("c", Place(3, 1)),
        ("a", Place(3, 2)),
        ("b", Place(9)),
    ]
    remove(tmp_path, "01J", "a")
    assert [each.name for each in read_markers(tmp_path, "01J")] == ["c", "b"]
    assert [path.name for path in tmp_path.iterdir()] == [MARKERS]


def test_names_are_unique_and_can_be_shown(tmp_path: Path) -> None:
    add(tmp_path, "01J", marker("a"))
    for name, why in (("a", "already"), ("", "1 to 80"), (" ", "1 to 80"), ("x" * 81, "1 to 80"), ("\x1b[1m", "1 to")):
        with pytest.raises(MarkerError, match=why):
            add(tmp_path, "01J", marker(name))
    with pytest.raises(MarkerError, match="no marker 'b'; the run's: a"):
        remove(tmp_path, "01J", "b")


def test_two_who_mark_at_the_same_moment_both_do(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: add(tmp_path, "01J", marker(str(n), n)), range(24)))
    assert [each.seq for each in read_markers(tmp_path, "01J")] == list(range(24))


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda data: data[:-20], "not a file of markers"),
        (lambda _: b"", "not a file of markers"),
        (lambda data: data.replace(b"note of", b"mote of"), "checksum"),
        (lambda data: b"\xff" + data, "not a file of markers"),
    ],
)
def test_a_damaged_file_is_told_and_never_overwritten(tmp_path: Path, spoil, why: str) -> None:
    add(tmp_path, "01J", marker("a"))
    path = tmp_path / MARKERS
    path.write_bytes(spoil(path.read_bytes()))
    before = path.read_bytes()
    with pytest.raises(MarkerError, match=why):
        add(tmp_path, "01J", marker("b"))
    assert path.read_bytes() == before


def test_markers_of_another_run_are_not_this_ones(tmp_path: Path) -> None:
    add(tmp_path, "01J", marker("a"))
    with pytest.raises(MarkerError, match="belong to run 01J"):
        read_markers(tmp_path, "01K")
