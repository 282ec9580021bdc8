"""The catalogue says what the folder of the runs holds, whatever happens to either."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from hive_tui.history import keeping
from hive_tui.history.catalogue import Catalogue
from hive_tui.history.filters import Wanted, parse, words
from hive_tui.history.pages import FOUND, FOUND_END
from hive_tui.recording.summary import read_summary, write_summary

NOW = 1_790_100_000 * 10**9


@pytest.fixture
def catalogue(root: Path):
    made = Catalogue(root.parent / "catalogue.sqlite3", root)
    yield made
    made.close()


def runs(catalogue: Catalogue, wanted: Wanted | str = "", **how: object) -> list[str]:
    if isinstance(wanted, str):
        wanted = parse(wanted, NOW)
    catalogue.sync()
    catalogue.read_words()
    return [row.summary.run for row in catalogue.page(wanted, **how).rows]


def test_nothing_is_there_yet(catalogue) -> None:
    assert runs(catalogue) == []


def test_newest_first_and_a_page_at_a_time(catalogue, record) -> None:
    made = [record(f"question {n}") for n in range(7)][::-1]
    assert runs(catalogue) == made
    assert runs(catalogue, first=2, limit=3) == made[2:5]
    page = catalogue.page(Wanted(), 5, 10)
    assert (page.total, [row.summary.run for row in page.rows]) == (7, made[5:])
    assert page.rows[0].summary.question == "question 1"
    assert page.rows[0].answer == "Because."


def test_words_of_questions_and_answers_are_found(catalogue, record) -> None:
    sky = record("Why is the sky blue?", "Rayleigh scattering, naïvely told.")
    sea = record("Why is the sea salt?", "Rivers carry salts; 雨水溶解岩石。")
    cut = record("What is cut off?", "half an answ", ended=False)
    assert runs(catalogue, words("why")) == [sea, sky]
    assert runs(catalogue, words("SCATTER")) == [sky]
    assert runs(catalogue, words("naive")) == [sky]
    assert runs(catalogue, words("溶解")) == [sea]
    assert runs(catalogue, words("half")) == [cut]
    assert runs(catalogue, "why -salt") == [sky]
    assert runs(catalogue, 'question:"the sea"') == [sea]
    assert runs(catalogue, "answer:sky") == []
    found = catalogue.page(words("scattering"), 0, 5).rows[0].found
    assert f"Rayleigh {FOUND}scattering{FOUND_END}" in found


def test_conditions_are_met(catalogue, record) -> None:
    dear = record(cost="1.5", took_s=60, model="openai/gpt", simulated=False)
    cheap = record(cost="0.001", took_s=1)
    unknown = record(cost=None, ended=False)
    assert runs(catalogue, "cost>1") == [dear]
    assert runs(catalogue, "cost<0.01") == [cheap]
    assert runs(catalogue, "took>30s") == [dear]
    assert runs(catalogue, "model:GPT -is:simulated") == [dear]
    assert runs(catalogue, "outcome:unfinished") == [unknown]
    assert runs(catalogue, f"run:{cheap[:12]}") == [cheap]
    assert runs(catalogue, "age<2d since:2020-01-01") == [unknown, cheap, dear]


def test_what_changes_in_the_folder_changes_in_the_catalogue(catalogue, root, record) -> None:
    first, second = record("first"), record("second")
    assert runs(catalogue) == [second, first]
    keeping.delete(root, first, 100)
    assert runs(catalogue) == [second]
    assert runs(catalogue, words("first")) == []
    keeping.restore(root, first)
    assert runs(catalogue, words("first")) == [first]
    keeping.mark(root, first)
    assert runs(catalogue, "is:marked") == [first]
    keeping.unmark(root, first)
    assert runs(catalogue, "is:marked") == []
    shutil.rmtree(root)
    assert runs(catalogue) == []


def test_a_quick_look_sees_what_is_new_gone_or_marked(catalogue, root, record) -> None:
    first = record("first")
    catalogue.sync()
    second = record("second")
    catalogue.sync(thorough=False)
    assert [row.summary.run for row in catalogue.page(Wanted()).rows] == [second, first]
    keeping.delete(root, second, 100)
    keeping.mark(root, first)
    catalogue.sync(thorough=False)
    assert [(row.summary.run, row.marked) for row in catalogue.page(Wanted()).rows] == [(first, True)]


def test_a_run_that_goes_on_is_running_and_its_answer_is_found_when_it_has_ended(catalogue, record) -> None:
    run = record("a live question", "an early word", ended=False, live=True)
    assert runs(catalogue, "is:live outcome:running") == [run]
    assert runs(catalogue, words("live")) == [run]
    record.writer.abandon()
    assert runs(catalogue, "is:live") == []
    assert runs(catalogue, "outcome:unfinished") == [run]


def test_a_run_that_is_just_being_begun_is_looked_at_again(catalogue, root, record) -> None:
    (root / "0").mkdir(parents=True)
    (root / "0" / "log").touch()
    catalogue.sync()
    (row,) = catalogue.page(Wanted()).rows
    assert row.live
    run = record()
    shutil.copy(root / run / "log", root / "0" / "log")
    catalogue.sync(thorough=False)
    assert {row.summary.outcome for row in catalogue.page(Wanted()).rows} == {"finished"}


@pytest.mark.parametrize(
    "spoilt",
    [
        {"wall_ns": 2**64 - 1},
        {"seq": 2**63, "duration_ns": 2**64 - 1, "chunks": 2**63, "answer_size": 2**63},
        {"cost_usd": "much"},
        {"cost_usd": "1e999999999"},
        {"cost_usd": "NaN"},
        {"question": "a\0b"},
    ],
    ids=lambda spoilt: next(iter(spoilt)),
)
def test_a_summary_that_says_impossible_things_spoils_no_list(root, record, catalogue, spoilt) -> None:
    other, run = record(), record()
    summary = read_summary(root / run)
    write_summary(root / run, msgspec.structs.replace(summary, **spoilt))
    catalogue.sync()
    catalogue.read_words()
    assert runs(catalogue) == [run, other]
    assert runs(catalogue, "cost>0") == [run, other]


def test_one_that_cannot_be_read_is_listed_with_its_fault(catalogue, root, record) -> None:
    good = record()
    for name, data in (("0" * 26, b""), ("1" * 26, b"garbage" * 9)):
        (root / name).mkdir()
        (root / name / "log").write_bytes(data)
    (root / "a file").write_text("no run")
    (root / "empty").mkdir()
    catalogue.sync()
    rows = {row.summary.run: row for row in catalogue.page(Wanted()).rows}
    assert set(rows) == {good, "1" * 26, "0" * 26}
    assert rows["1" * 26].summary.outcome == "unreadable"
    assert "not a recording" in rows["1" * 26].fault
    assert not rows[good].fault


def test_forks_stand_below_what_they_were_forked_from(catalogue, root, record) -> None:
    first = record("first")
    second = record("second")
    fork = record("fork", parent=first, parent_seq=3)
    fork_of_fork = record("fork of fork", parent=fork)
    other = record("another fork", parent=first)
    newer = record("newer", parent="9" * 26)
    own = record("its own child")
    assert runs(catalogue, tree=True) == [own, newer, second, first, fork, fork_of_fork, other]
    rows = {row.summary.run: row for row in catalogue.page(Wanted(), tree=True).rows}
    assert [rows[run].depth for run in (first, fork, fork_of_fork, other, newer)] == [0, 1, 2, 1, 0]
    assert (rows[fork].parent, rows[fork].orphan, rows[newer].orphan, rows[first].orphan) == (first, False, True, False)
    assert runs(catalogue, "is:fork") == [newer, other, fork_of_fork, fork]
    assert runs(catalogue, "fork -another", tree=True) == [fork, fork_of_fork]
    keeping.delete(root, first, 100)
    assert runs(catalogue, tree=True) == [own, newer, other, fork, fork_of_fork, second]
    orphans = [row.summary.run for row in catalogue.page(Wanted(), tree=True).rows if row.orphan]
    assert orphans == [newer, other, fork], "deleting a parent takes nothing from its forks"


def test_what_a_run_was_made_from_is_known_before_its_texts_are_read(catalogue, record) -> None:
    first = record("first")
    fork = record("fork", parent=first, parent_seq=3)
    going_on = record("a fork that was cut off", parent=first, ended=False)
    copy = record("copy", source=first)
    catalogue.sync()
    found = {row.summary.run: (row.parent, row.source, row.depth) for row in catalogue.page(Wanted(), tree=True).rows}
    assert found == {first: ("", "", 0), fork: (first, "", 1), going_on: (first, "", 1), copy: ("", first, 0)}


def test_without_a_sound_summary_the_log_tells_the_same(catalogue, root, record) -> None:
    run = record("the question", "the answer")
    catalogue.sync()
    before = catalogue.page(Wanted()).rows
    (root / run / "summary.json").write_text("{}")
    catalogue.rebuild()
    catalogue.sync()
    assert [row.summary for row in catalogue.page(Wanted()).rows] == [row.summary for row in before]


def test_a_text_that_is_damaged_behind_its_beginning_is_still_listed(catalogue, root, record) -> None:
    run = record("the question", "the answer", summary=False)
    log = root / run / "log"
    log.write_bytes(log.read_bytes()[:-30])
    assert runs(catalogue, words("answer")) == [run]


@pytest.mark.parametrize("spoil", ["garbage", "empty", "truncated", "page", "foreign", "no table"])
def test_a_damaged_catalogue_is_made_anew_without_a_word_lost(root, record, spoil: str) -> None:
    file = root.parent / "catalogue.sqlite3"
    made = [record(f"question {n}", f"answer number{n}") for n in range(40)][::-1]
    first = Catalogue(file, root)
    assert runs(first) == made
    first.close()
    data = bytearray(file.read_bytes())
    match spoil:
        case "garbage":
            file.write_bytes(os.urandom(5000))
        case "empty":
            file.write_bytes(b"")
        case "truncated":
            file.write_bytes(data[: len(data) // 2])
        case "page":
            data[4096 : len(data) - 100] = b"\xff" * (len(data) - 4196)
            file.write_bytes(data)
        case "foreign":
            file.unlink()
            sqlite3.connect(file).executescript("CREATE TABLE other (a); INSERT INTO other VALUES (1)")
        case "no table":
            other = sqlite3.connect(file)
            other.executescript("DROP TABLE texts")
            other.close()
    again = Catalogue(file, root)
    assert runs(again) == made
    assert runs(again, words("number7")) == [made[-8]]
    assert not again.in_memory
    again.close()


def test_damage_while_another_has_it_open_is_answered_in_memory(root, record) -> None:
    file = root.parent / "catalogue.sqlite3"
    run = record("a question")
    first, second = Catalogue(file, root), Catalogue(file, root)
    runs(first)
    second._database.renew()
    assert "another hive" in second.in_memory
    assert runs(second, words("question")) == runs(first, words("question")) == [run]
    first.close()
    second.close()


def test_where_nothing_can_be_written_the_catalogue_is_read_and_kept_in_memory(root, record) -> None:
    run = record("a question")
    blocked = root.parent / "file"
    blocked.write_text("in the way")
    catalogue = Catalogue(blocked / "catalogue.sqlite3", root)
    assert catalogue.in_memory
    assert runs(catalogue, words("question")) == [run]
    catalogue.close()


def test_in_the_place_of_the_catalogue_is_a_pipe(root, record) -> None:
    run = record()
    os.mkfifo(root.parent / "c")
    catalogue = Catalogue(root.parent / "c", root)
    assert (runs(catalogue), catalogue.in_memory) == ([run], f"{root.parent / 'c'}: it is no regular file")
    catalogue.close()


def test_a_catalogue_that_cannot_be_written_is_taken_as_it_stands(root, record, monkeypatch) -> None:
    file = root.parent / "catalogue.sqlite3"
    run = record("a question")
    first = Catalogue(file, root)
    runs(first)
    first.close()

    def refuse(_self: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("hive_tui.history.database.Database._connect", refuse)
    catalogue = Catalogue(file, root)
    assert "Permission denied" in catalogue.in_memory
    assert [row.summary.run for row in catalogue.page(words("question")).rows] == [run], "nothing was read again"
    catalogue.close()


def test_work_is_done_in_slices(root, record) -> None:
    made = [record(f"question {n}") for n in range(150)]
    ticks = iter(range(10_000))
    catalogue = Catalogue(root.parent / "c", root, lambda: time.time_ns() + 10**10, lambda: float(next(ticks)))
    assert catalogue.sync(1.0) == 150 - 64
    assert [row.summary.run for row in catalogue.page(Wanted()).rows] == made[:-65:-1], "the newest come first"
    assert catalogue.sync(1.0) == 150 - 128
    assert catalogue.sync(1.0) == 0
    assert 0 < catalogue.read_words(1.0) < 150
    while catalogue.read_words(1.0):
        pass
    assert catalogue.page(words("question")).total == 150
    catalogue.close()


def test_two_at_once_on_the_same_data(root, record) -> None:
    made = [record(f"question {n}") for n in range(60)]
    program = """
import json, sys
from pathlib import Path
from hive_tui.history.catalogue import Catalogue
from hive_tui.history.filters import words
root = Path(sys.argv[1])
for _ in range(4):
    catalogue = Catalogue(root.parent / "catalogue.sqlite3", root)
    catalogue.sync()
    catalogue.read_words()
    found = catalogue.page(words("question"))
    catalogue.close()
print(json.dumps([row.summary.run for row in found.rows]))
"""
    both = [subprocess.Popen([sys.executable, "-c", program, str(root)], stdout=subprocess.PIPE) for _ in range(2)]
    for each in both:
        assert json.loads(each.communicate(timeout=60)[0]) == made[::-1]
        assert each.returncode == 0


def test_the_catalogue_is_its_owners_alone(catalogue, root, record) -> None:
    record()
    catalogue.sync()
    for path in root.parent.glob("catalogue*"):
        assert path.stat().st_mode & 0o077 == 0, path
