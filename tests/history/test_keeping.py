"""Marks and trash: what is deleted can be restored, and what is marked or goes on stays."""

from pathlib import Path

import pytest

from hive_tui.config.errors import ConfigError
from hive_tui.config.paths import paths
from hive_tui.config.retention import Retention, load_retention
from hive_tui.history import keeping
from hive_tui.history.catalogue import Catalogue
from hive_tui.history.filters import Wanted
from hive_tui.history.keeping import KeepingError, Thrown
from hive_tui.history.pruning import prune

DAY = 86400


def test_a_deleted_run_is_restored_as_it_was(root, record) -> None:
    run = record()
    before = {path.name: path.read_bytes() for path in (root / run).iterdir()}
    keeping.delete(root, run, 100)
    assert not (root / run).exists()
    assert keeping.trash(root) == [Thrown(run, 100)]
    keeping.restore(root, run)
    assert {path.name: path.read_bytes() for path in (root / run).iterdir()} == before
    assert keeping.trash(root) == []
    with pytest.raises(KeepingError, match="not in the trash"):
        keeping.restore(root, run)


def test_a_marked_or_a_live_run_or_none_is_not_deleted(root, record) -> None:
    marked, live = record(), record(ended=False, live=True)
    keeping.mark(root, marked)
    keeping.mark(root, marked)
    for run, says in ((marked, "unmark"), (live, "still running"), ("nothing", "no such run")):
        with pytest.raises(KeepingError, match=says):
            keeping.delete(root, run, 100)
    keeping.unmark(root, marked)
    keeping.unmark(root, marked)
    keeping.delete(root, marked, 100)
    record.writer.abandon()
    keeping.delete(root, live, 101)
    assert [each.run for each in keeping.trash(root)] == [live, marked]


def test_a_run_that_is_just_being_begun_is_not_deleted(root) -> None:
    (root / "young").mkdir(parents=True)
    (root / "young" / "log").touch()
    with pytest.raises(KeepingError, match="being begun"):
        keeping.delete(root, "young", 100)


def test_a_restored_run_is_never_written_over_another(root, record) -> None:
    run = record()
    keeping.delete(root, run, 100)
    (root / run).mkdir()
    (root / run / "log").write_text("somebody's")
    with pytest.raises(KeepingError, match="there already"):
        keeping.restore(root, run)
    assert (root / run / "log").read_text() == "somebody's"
    assert keeping.trash(root) == [Thrown(run, 100)]


def test_of_two_that_delete_a_run_at_once_the_later_is_told_that_it_is_gone(root, record, monkeypatch) -> None:
    run, move = record(), Path.rename

    def overtaken(path: Path, target: Path) -> Path:
        move(path, root / keeping.TRASH / f"{run}.99")
        return move(path, target)

    monkeypatch.setattr(Path, "rename", overtaken)
    with pytest.raises(KeepingError, match="no such run"):
        keeping.delete(root, run, 100)
    assert keeping.trash(root) == [Thrown(run, 99)]


def test_the_trash_is_emptied_of_what_is_old(root, record) -> None:
    old, new = record(), record()
    keeping.delete(root, old, 100)
    keeping.delete(root, new, 200)
    assert keeping.empty(root, 150) == [Thrown(old, 100)]
    assert [each.run for each in keeping.trash(root)] == [new]
    (root / keeping.TRASH / ".gone-left.5").mkdir()
    assert keeping.empty(root, 150) == []
    assert [each.name for each in (root / keeping.TRASH).iterdir()] == [f"{new}.200"]


def pruned(root, limits, now_s, **how):
    catalogue = Catalogue(root.parent / "c", root)
    done = prune(root, catalogue, limits, now_s * 10**9, **how)
    catalogue.sync()
    left = [row.summary.run for row in catalogue.page(Wanted()).rows]
    catalogue.close()
    return [(row.summary.run, why) for row, why in done.moved], left


def test_limits_take_the_oldest_and_never_a_marked_or_live_one(root, record) -> None:
    begun = 1_790_000_000
    made = [record() for _ in range(5)]
    live = record(ended=False, live=True)
    keeping.mark(root, made[0])
    now = begun + 60 * 5
    everything = [live, *made[::-1]]
    assert pruned(root, Retention(), now + 999 * DAY) == ([], everything)
    assert pruned(root, Retention(max_runs=3), now, really=False)[1] == everything
    assert pruned(root, Retention(max_runs=4), now) == (
        [(made[1], "max_runs"), (made[2], "max_runs")],
        [live, made[4], made[3], made[0]],
    )
    assert pruned(root, Retention(max_age_s=50), now) == ([(made[3], "max_age")], [live, made[4], made[0]])
    assert pruned(root, Retention(max_size_bytes=1), now) == ([(made[4], "max_size")], [live, made[0]])
    assert pruned(root, Retention(trash_s=10), now + 11)[1] == [live, made[0]]
    assert keeping.trash(root) == []
    record.writer.abandon()


def test_limits_are_read_from_the_settings(tmp_path) -> None:
    here = paths({"HIVE_HOME": str(tmp_path)})
    assert load_retention(here) == Retention()
    file = tmp_path / "config" / "settings.toml"
    file.parent.mkdir()
    file.write_text('[retention]\nmax_age = "90d"\nmax_runs = 1000\nmax_size = "5GB"\ntrash = "7d"\n')
    assert load_retention(here) == Retention(90 * DAY, 1000, 5_000_000_000, 7 * DAY)
    for text, says in (
        ('[retention]\nmax_age = "old"', "settings.toml: retention.max_age: expected a time"),
        ("[retention]\nmax_runs = 0", "settings.toml: retention.max_runs: expected a whole number above 0"),
        ('[retention]\nmax_ages = "1d"', "did you mean max_age"),
        ("[retention", "is no TOML"),
    ):
        file.write_text(text)
        with pytest.raises(ConfigError) as refusal:
            load_retention(here)
        assert says in str(refusal.value)
