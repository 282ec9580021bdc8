"""The terminal: of any size and kind, resized, suspended, closed, none at all; and given back whatever happens."""

from __future__ import annotations

import os
import re
import signal
import sys

import pytest

QUESTION = "What is 17% of 240?"


def test_without_a_terminal_it_says_what_to_do_instead(hive) -> None:
    done = hive(QUESTION)
    assert (done.code, done.out) == (2, b"")
    assert "needs a terminal" in done.said
    assert "hive ask" in done.said


@pytest.mark.parametrize("size", [(160, 48), (80, 24), (60, 20), (20, 6), (300, 90)])
def test_every_size(open_hive, sim, size: tuple[int, int]) -> None:
    terminal = open_hive(*sim.single("say:forty"), size=size, ready=size[0] > 20)
    terminal.wait_for("❯")
    terminal.write("what?")
    terminal.wait_for("❯ what?")
    terminal.press("enter")
    terminal.wait_for("forty")
    assert terminal.quit() == 0
    terminal.check_given_back()


def test_a_storm_of_sizes_in_the_middle_of_a_run(hive, open_hive, sim) -> None:
    terminal = open_hive(*sim.at(), "--model", "sim/atlas", QUESTION)
    hive.until_streaming(3)
    for size in [(80, 24), (20, 6), (61, 21), (1, 1), (240, 70), (100, 16), (160, 48), (20, 6), (5, 3), (120, 40)] * 3:
        terminal.resize(*size)
    terminal.resize(160, 48)
    terminal.wait_for(lambda text: "ANSWER" in text and terminal.status.startswith("answer ("))
    terminal.write("still")
    text = terminal.wait_for("❯ still")
    assert "40.8" in text
    assert text.count("╭") + text.count("┏") == 6, "four panes, the answer and the question"
    assert terminal.quit() == 0
    terminal.check_given_back()


@pytest.mark.parametrize(
    ("env", "colours"),
    [
        ({"TERM": "dumb", "COLORTERM": ""}, None),
        ({"TERM": "unknown-terminal", "COLORTERM": ""}, None),
        ({"TERM": "screen-256color", "COLORTERM": ""}, rb"\x1b\[[0-9;]*38;5;"),
        ({"TERM": "tmux-256color"}, rb"\x1b\[[0-9;]*38;2;"),
        ({"TERM": "xterm-256color"}, rb"\x1b\[[0-9;]*38;2;"),
        ({"NO_COLOR": "1"}, rb"never"),
        ({"LANG": "C"}, None),
    ],
    ids=["dumb", "unknown", "screen", "tmux", "xterm", "no colours", "no utf-8"],
)
def test_every_kind_of_terminal(open_hive, sim, env: dict[str, str], colours: bytes | None) -> None:
    terminal = open_hive(*sim.single("say:forty"), QUESTION, env=env, answers=env.get("TERM", "")[:1] in "xst")
    terminal.wait_for(lambda text: "forty" in text and terminal.status.startswith("answer ("))
    terminal.press("tab")
    terminal.wait_for("m maximise")
    assert terminal.quit() == 0
    terminal.check_given_back()
    assert not terminal.strange
    raw = bytes(terminal.raw)
    if colours == b"never":
        assert not re.search(rb"\x1b\[[0-9;]*\b[34]8;[25];", raw)
        assert not re.search(rb"\x1b\[([0-9]+;)*[349][1-7][0-9;]*m", raw)
    elif colours is not None:
        assert re.search(colours, raw)


def test_a_pasted_megabyte_is_one_chip_and_sent_whole(hive, open_hive, sim) -> None:
    terminal = open_hive(*sim.single("say:read"))
    pasted = b"line of text\r" * 80_000
    terminal.paste(pasted)
    terminal.wait_for(lambda _: re.search(r"80,\d\d\d lines|1,040,000", terminal.row_with("❯")))
    assert not sim.requests(), "a paste sends nothing, however many lines it has"
    terminal.write(" what is it?")
    terminal.wait_for("what is it?")
    terminal.press("enter")
    terminal.wait_for(lambda text: "read" in text and terminal.status.startswith("answer ("))
    assert hive.recorded().question == pasted.decode().replace("\r", "\n") + " what is it?"
    assert terminal.quit() == 0


def test_a_paste_of_some_lines_is_not_sent_and_what_it_hides_does_not_act(hive, open_hive, sim) -> None:
    terminal = open_hive(*sim.single("say:yes"))
    # An escape, then more than a sequence can be long, with Enter, Tab and keys that are actions elsewhere in it.
    terminal.paste(b"one\rtwo\x1b[A\nthree\x1b[31m\x07\x1b[" + b"9;" * 20 + b"\r\tq\x1b\x1b[B")
    terminal.wait_for("three")
    terminal.press("x")
    terminal.wait_for(lambda text: "one " in terminal.row_with("❯") and "two" in text and "three" in text)
    assert not sim.requests()
    terminal.press("enter")
    terminal.wait_for("answer (")
    nines = "9;" * 20
    assert hive.recorded().question == f"one\ntwo\x1b[A\nthree\x1b[31m\x07\x1b[{nines}\n\tq\x1b\x1b[Bx"
    assert terminal.quit() == 0
    assert not terminal.strange


def test_a_paste_without_brackets_holds_nothing_up(hive, open_hive, sim) -> None:
    """As from a terminal that knows no bracketed paste: 200,000 keys, each of which would be wrapped anew."""
    terminal = open_hive(*sim.single("say:read"))
    pasted = "a line of text without an end " * 7_000
    terminal.write(pasted + " what is it?\r")
    terminal.wait_for(lambda text: "read" in text and terminal.status.startswith("answer ("))
    assert hive.recorded().question == pasted + " what is it?"
    assert terminal.quit() == 0


def test_suspended_for_a_while_nothing_is_lost(hive, open_hive, sim) -> None:
    """Ctrl-Z in a shell with job control; the run goes on meanwhile, and `fg` shows all of it."""
    command = " ".join([sys.executable, "-P", "-m", "hive_tui", "--plan", "single", *(f"'{w}'" for w in sim.at())])
    terminal = open_hive(command=["/bin/bash", "--norc", "--noprofile", "-i"], env={"PS1": "SHELL> "}, ready=False)
    terminal.wait_for("SHELL>")
    terminal.write(f"{command} --model 'generator=sim/instant+fault=stall:5:1'\r")
    terminal.wait_for(lambda _: terminal.status == "ready")
    terminal.ask(QUESTION)
    hive.until_streaming()
    terminal.press("ctrl+z")
    terminal.wait_for("Stopped")
    assert terminal.modes - {25, 7, 2004} == set(), "the shell has a terminal as it should be"
    # The run ends while nobody looks.
    terminal.write("echo in the $((1+1))nd shell\r")
    terminal.wait_for("in the 2nd shell")
    hive_ended = lambda: hive.recorded().outcome  # noqa: E731
    from time import monotonic, sleep

    deadline = monotonic() + 20
    while not hive_ended() and monotonic() < deadline:
        sleep(0.02)
    assert hive.recorded().outcome.value == "finished"
    terminal.write("fg\r")
    terminal.wait_for(lambda text: "40.8" in text and terminal.status.startswith("answer ("))
    terminal.press("ctrl+q")
    terminal.wait_for("SHELL>")
    terminal.write("echo left with $?\r")
    terminal.wait_for("left with 0")
    terminal.write("exit\r")
    assert terminal.wait() == 0


def test_stopped_from_outside_and_continued(hive, open_hive, sim, until) -> None:
    terminal = open_hive(*sim.single("stall:5:1"), QUESTION)
    hive.until_streaming()
    terminal.process.send_signal(signal.SIGSTOP)
    until(lambda: hive.recorded().outcome, "the end of the run, for the core goes on")
    terminal.process.send_signal(signal.SIGCONT)
    terminal.wait_for(lambda text: "40.8" in text and terminal.status.startswith("answer ("))
    assert terminal.quit() == 0
    terminal.check_given_back()


@pytest.mark.parametrize("how", ["window closed", "SIGHUP", "SIGTERM", "SIGKILL"])
def test_whoever_ends_the_screen_the_run_is_whole_on_the_disk(hive, open_hive, sim, until, how: str) -> None:
    terminal = open_hive(*sim.single("stall:5"), QUESTION)
    terminal.wait_for("is streaming")
    hive.until_streaming()
    if how == "window closed":
        os.close(terminal.slave)
        terminal.close()
    else:
        terminal.process.send_signal(getattr(signal, how))
    terminal.process.wait(20)
    until(lambda: not hive.processes(), "the end of all processes")
    if how in ("SIGHUP", "SIGTERM"):
        terminal.check_given_back()
    state = hive.recorded()
    assert state.outcome is not None
    assert state.outcome.value == "cancelled"
    assert state.attempts[0].text.chunks >= 5
    assert sim.requests()[0]["outcome"] == "client-closed"


CRASH = """
import sys
import hive_tui.cli.screen as entry

show = entry.show

def broken(*arguments):
    from hive_tui.tui.screen import CouncilScreen

    def ask(self, question):
        secret = question
        raise RuntimeError(secret)

    CouncilScreen.ask = ask
    return show(*arguments)

entry.show = broken
from hive_tui.__main__ import main
sys.exit(main())
"""


def test_a_crash_gives_the_terminal_back_and_leaves_a_report_without_words(hive, open_hive) -> None:
    terminal = open_hive(command=[sys.executable, "-P", "-c", CRASH])
    terminal.ask("my private words")
    assert terminal.wait() == 1
    terminal.check_given_back()
    terminal.wait_for("the screen crashed")
    (report,) = (hive.home / "state" / "crashes").iterdir()
    assert report.name in bytes(terminal.raw).decode().replace("\r\n", "")
    assert "RuntimeError" in report.read_text()
    assert "private" not in report.read_text()
    assert b"Traceback" not in bytes(terminal.raw)


def test_a_theme_that_is_broken_harms_nobody(hive, open_hive, sim) -> None:
    themes = hive.home / "config" / "themes"
    themes.mkdir(parents=True)
    (themes / "hive-dark.toml").write_text("this is no TOML [")
    (themes / "odd.toml").write_bytes(b"\xff\xfe\x00")
    terminal = open_hive(*sim.single("say:yes"), QUESTION)
    terminal.wait_for(lambda text: "odd.toml" in text or "hive-dark.toml" in text)
    terminal.wait_for("answer (")
    assert terminal.quit() == 0
