"""What was removed for good leaves no word in the catalogue's files, whoever else has it open."""

from __future__ import annotations

from pathlib import Path

from hive_tui.config.retention import Retention
from hive_tui.history import keeping
from hive_tui.history.catalogue import Catalogue
from hive_tui.history.filters import Wanted
from hive_tui.history.pruning import prune

NOW_S = 1_790_001_000


def words_left(root: Path) -> list[str]:
    """The catalogue's files in which the word still stands."""
    return [path.name for path in root.parent.glob("c*") if b"kookaburra" in path.read_bytes().lower()]


def filled(root: Path, record) -> tuple[Catalogue, str]:
    catalogue = Catalogue(root.parent / "c", root)
    run = record("Where is the kookaburra?", "The kookaburra laughs.")
    record("Why?", "Because.")
    catalogue.sync()
    catalogue.read_words()
    return catalogue, run


def test_a_run_that_is_gone_for_good(root, record) -> None:
    catalogue, run = filled(root, record)
    assert words_left(root)
    keeping.delete(root, run, NOW_S)
    keeping.empty(root, NOW_S + 1)
    catalogue.scrub()
    assert words_left(root) == []
    assert len(catalogue.page(Wanted()).rows) == 1
    catalogue.close()


def test_while_another_has_the_catalogue_open(root, record) -> None:
    first, run = filled(root, record)
    second = Catalogue(root.parent / "c", root)
    assert len(second.page(Wanted()).rows) == 2
    keeping.delete(root, run, NOW_S)
    keeping.empty(root, NOW_S + 1)
    second.scrub()
    assert words_left(root) == []
    first.close()
    second.close()


def test_what_the_limits_empty_the_trash_of(root, record) -> None:
    catalogue, run = filled(root, record)
    keeping.delete(root, run, NOW_S - 100)
    assert [each.run for each in prune(root, catalogue, Retention(trash_s=10), NOW_S * 10**9).emptied] == [run]
    assert words_left(root) == []
    catalogue.close()
