"""A core that is killed or stopped while `hive ask` listens to it."""

from __future__ import annotations

import os
import signal
import time

import pytest

QUESTION = "What is 17% of 240?"


def test_a_core_killed_mid_stream_is_said_and_what_came_is_kept(hive, sim) -> None:
    running = hive.start("ask", *sim.single("stall:5"), "--json", QUESTION)
    hive.until_streaming()
    os.kill(running.core, signal.SIGKILL)
    at_s = time.monotonic()
    done = running.wait()
    assert time.monotonic() - at_s < 5, "one second is promised; the bound is wider for a busy machine"
    assert done.code == 4
    assert "core process died" in done.said
    assert "Traceback" not in done.said
    document = done.document
    text = document["stages"][0]["attempts"][0]["text"]
    assert text
    assert (document["answer"], document["error"]["kind"]) == (None, "unfinished")
    assert document["run"] in done.said
    assert hive("runs", "show", "last", "--json").out == done.out
    assert text.strip() in hive("runs", "show", "last").out.decode()
    assert "\tunfinished\t" in hive("runs").out.decode()
    assert hive("ask", *sim.single("say:yes"), QUESTION).out == b"yes\n", "the next one is not harmed"


def test_a_core_killed_while_the_embedded_simulator_speaks_leaves_nothing(hive) -> None:
    running = hive.start("ask", "--plan", "single", "--model", "generator=sim/instant+fault=stall:5", QUESTION)
    hive.until_streaming()
    os.kill(running.core, signal.SIGKILL)
    done = running.wait()
    assert done.code == 4
    assert done.out == b"", "no answer, nothing on stdout"
    assert "## 17" in done.said, "what came is shown all the same"


def test_a_core_killed_before_the_run_has_begun(hive, sim) -> None:
    running = hive.start("ask", *sim.single(), "--json", QUESTION)
    os.kill(running.core, signal.SIGKILL)
    done = running.wait()
    document = done.document
    if done.code == 4:
        assert document["run"] is None or document["error"]
        assert "core process" in done.said
    else:
        assert done.code == 0, "it was too late"
    assert "Traceback" not in done.said


def test_a_core_that_is_stopped_is_said_and_goes_on_when_it_is_continued(hive, sim, until) -> None:
    running = hive.start("ask", *sim.single("stall:5:1"), "--json", QUESTION)
    hive.until_streaming()
    core = running.core
    os.kill(core, signal.SIGSTOP)
    until(lambda: "core not answering" in running.said, "the word that the core is silent")
    os.kill(core, signal.SIGCONT)
    done = running.wait()
    assert done.code == 0, done.said
    assert "core answers again" in done.said
    assert "40.8" in done.document["answer"]


def test_a_core_that_never_says_hello_can_be_left(hive, sim) -> None:
    running = hive.start("ask", *sim.single(), "--json", QUESTION)
    os.kill(running.core, signal.SIGSTOP)
    running.signal(signal.SIGINT)
    done = running.wait()
    assert done.code == 130, done.said
    assert done.document["error"] is not None


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_flood_loses_nothing_of_the_ring_or_the_log(hive, sim, until, loop: str) -> None:
    """The command is stopped so long that the ring laps it, and reads the rest from the log."""
    running = hive.start("ask", *sim.single("line:12000000"), "--json", QUESTION, env={"HIVE_LOOP": loop})
    hive.until_streaming(1)
    running.signal(signal.SIGSTOP)
    until(lambda: sim.requests()[0]["outcome"] != "open", "the end of the answer")
    running.signal(signal.SIGCONT)
    done = running.wait()
    assert done.code == 0, done.said
    assert "could not be read back" not in done.said
    assert len(done.document["answer"]) >= 11_990_000
    assert hive("runs", "show", "last", "--json").out == done.out
