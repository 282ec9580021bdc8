"""A disk that is full: the answer is printed all the same, and the exit code is 5."""

from __future__ import annotations

import os
import resource
from typing import Any

import pytest

QUESTION = "What is 17% of 240?"


def fill_up(running: Any, room: int = 0) -> None:
    """From now on no file of the core can grow beyond `room` bytes. A full disk would need a mount of its own; to the
    core both are an OSError of write(2)."""
    resource.prlimit(running.core, resource.RLIMIT_FSIZE, (room, room))


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_disk_that_fills_up_mid_stream(hive, sim, loop: str) -> None:
    running = hive.start("ask", *sim.single("stall:5:1"), "--json", QUESTION, env={"HIVE_LOOP": loop})
    hive.until_streaming()
    fill_up(running)
    done = running.wait()
    assert done.code == 5, done.said
    document = done.document
    assert "40.8" in document["answer"]
    assert document["error"]["kind"] == "disk"
    assert "File too large" in document["error"]["message"]
    assert "UNRECORDED: the recording ends here" in done.said
    assert document["run"] in done.said, "where"
    assert "free space" in done.said, "what to do"
    shown = hive("runs", "show", "last", "--json")
    assert shown.code == 0
    kept = shown.document["stages"][0]["attempts"][0]["text"]
    assert document["answer"].startswith(kept)
    assert "\tunfinished\t" in hive("runs").out.decode()


def test_without_json_the_answer_is_on_stdout_all_the_same(hive, sim) -> None:
    running = hive.start("ask", *sim.single("stall:5:1"), QUESTION)
    hive.until_streaming()
    fill_up(running)
    done = running.wait()
    assert done.code == 5
    assert b"40.8" in done.out


def test_a_disk_that_fills_up_while_much_is_written(hive, sim) -> None:
    running = hive.start("ask", *sim.single("slow-headers:1,line:3000000"), "--json", QUESTION)
    sim.call()
    fill_up(running, 300_000)
    done = running.wait()
    assert done.code == 5, done.said
    assert len(done.document["answer"] or "") >= 2_990_000 or "could not be read back" in done.said
    assert hive("runs", "show", "last", "--json").code == 0


def test_a_disk_that_is_full_from_the_first_event_on(hive, sim) -> None:
    running = hive.start("ask", *sim.single(), "--json", QUESTION)
    fill_up(running)
    done = running.wait()
    assert done.code == 5, done.said
    document = done.document
    assert document["error"]["kind"] == "disk"
    if document["run"] is None:
        assert sim.requests() == []
    else:  # the limit came after the log was begun
        assert "40.8" in document["answer"]
    assert "Traceback" not in done.said
    assert hive("runs").code == 0


def test_a_cache_that_cannot_be_written_stops_nobody(hive, sim) -> None:
    hive.home.mkdir()
    (hive.home / "cache").write_text("no folder")
    asked = hive("ask", *sim.single("say:yes"), QUESTION)
    assert (asked.code, asked.out) == (0, b"yes\n"), asked.said


def test_a_full_disk_under_stdout(hive, sim) -> None:
    with open("/dev/full", "wb") as full:
        asked = hive("ask", *sim.single(), QUESTION, capture_output=False, stdout=full, stderr=-1)
        assert asked.code == 5
        assert "stdout: No space left on device" in asked.said
        run = hive("runs").out.decode().partition("\t")[0]
        assert f"hive runs show {run}" in asked.said
        assert hive("ask", *sim.single("empty"), QUESTION, capture_output=False, stdout=full, stderr=-1).code == 4
        assert hive("runs", capture_output=False, stdout=full, stderr=-1).code == 5
        assert hive("runs", "show", "last", capture_output=False, stdout=full, stderr=-1).code == 5
        silent = hive("ask", *sim.single("say:yes"), QUESTION, capture_output=False, stdout=-1, stderr=full)
        assert (silent.code, silent.out) == (0, b"yes\n")


def test_a_log_that_somebody_empties_while_its_run_is_live(hive, sim) -> None:
    running = hive.start("ask", *sim.single("stall:5:1"), "--json", QUESTION)
    hive.until_streaming()
    (log,) = hive.runs.glob("*/log")
    os.truncate(log, 0)
    done = running.wait()
    assert done.code == 5, done.said
    assert "40.8" in done.document["answer"]
    assert "the recording is not whole" in done.said


def test_the_folder_of_the_runs_is_taken_away_while_a_run_is_live(hive, sim) -> None:
    running = hive.start("ask", *sim.single("stall:5:1"), "--json", QUESTION)
    hive.until_streaming()
    hive.runs.rename(hive.folder / "elsewhere")
    done = running.wait()
    assert done.code in (0, 5), done.said
    assert "40.8" in done.document["answer"]
    assert "Traceback" not in done.said
    assert os.listdir(hive.folder / "elsewhere")
