"""A question asked in the screen: typed, streamed, answered, recorded; and whose keys the keys are."""

from __future__ import annotations

import json
import shlex
import sys

from hive_tui.events import Channel

QUESTION = "What is 17% of 240?"
ROLES = ("GENERATOR", "REFINER", "VALIDATOR", "CURATOR")


def test_a_question_is_streamed_by_four_stages_answered_and_recorded(hive, open_hive) -> None:
    """With no endpoint set up: the embedded simulator, its generator at the pace of a real model."""
    terminal = open_hive("--model", "sim/instant", "--model", "generator=sim/atlas")
    assert all(role in terminal.text for role in ROLES)
    terminal.wait_for("SIMULATED")
    terminal.ask(QUESTION)
    terminal.wait_for(lambda text: "Ask the council anything" in text and "generator" in terminal.status)
    seen: set[str] = set()

    def until_answered(text: str) -> bool:
        seen.update(role for role in ROLES if any(role in line and "streaming" in line for line in text.splitlines()))
        return "ANSWER" in text and "40.8" in text and terminal.status.startswith("answer (")

    shown = terminal.wait_for(until_answered)
    assert "GENERATOR" in seen, "its text is long: it was seen on its way"
    assert sum("✓" in line for line in shown.splitlines()) == 2, "two rows of two stages that are done"
    document = hive("runs", "show", "last", "--json").document
    assert terminal.quit() == 0
    terminal.check_given_back()
    assert not terminal.strange
    assert document["question"] == QUESTION
    assert document["simulated"] is True
    assert [stage["stage"] for stage in document["stages"]] == [role.lower() for role in ROLES]
    assert "40.8" in document["answer"]
    assert document["run"] in shown, "the header names the run"
    assert hive("runs", "show", "last", "--json").document == document


def test_a_question_on_the_command_line_is_asked_at_once_and_is_in_the_history(hive, open_hive, sim) -> None:
    terminal = open_hive(*sim.at(), "--model", "sim/instant", "What is", "17% of 240?")
    terminal.wait_for(lambda text: "40.8" in text and terminal.status.startswith("answer ("))
    assert hive.recorded().question == QUESTION
    assert hive("runs", "show", "last", "--json").document["answer"]
    assert [call["model"] for call in sim.requests()] == ["sim/instant"] * 4
    terminal.press("up")
    terminal.wait_for(lambda _: QUESTION in terminal.row_with("❯"))
    assert terminal.quit() == 0


def test_what_is_typed_before_anything_is_painted_is_shown_and_kept(hive, open_hive, sim) -> None:
    terminal = open_hive(*sim.single("say:yes"), ready=False)
    terminal.write("fir")
    terminal.wait_for("❯ fir")
    terminal.write("st\rsecond")
    terminal.wait_for(lambda text: "❯ second" in text and "answer (" in text)
    assert hive.recorded().question == "first"
    assert len(sim.requests()) == 1
    assert terminal.quit() == 0


def test_enter_is_enter_even_before_the_terminal_is_taken(hive, open_hive, sim) -> None:
    """Until then the terminal itself turns it into what Ctrl+J sends."""
    terminal = open_hive(command=["/bin/sh"], ready=False, env={"PS1": "SHELL> "})
    terminal.wait_for("SHELL>")
    words = [sys.executable, "-P", "-m", "hive_tui", *sim.single("say:yes")]
    terminal.write(f"sleep 1; exec {shlex.join(words)}\rfirst\rsecond")
    terminal.wait_for(lambda text: "❯ second" in text and "answer (" in text)
    assert hive.recorded().question == "first"
    assert terminal.quit() == 0


def test_the_line_keeps_the_focus_and_its_keys(hive, open_hive, sim) -> None:
    terminal = open_hive(*sim.single("say:yes"))
    terminal.ask("one")
    terminal.wait_for("answer (")
    terminal.write("mis?q/n")  # each of them is a key of the panes too
    terminal.wait_for("❯ mis?q/n")
    terminal.press("home", "<", "end", ">", "left", "left", "x")
    terminal.wait_for("❯ <mis?q/xn>")
    terminal.press("ctrl+j", "z")
    terminal.wait_for(lambda text: "❯ <mis?q/x" in text and "zn>" in text)
    terminal.press("enter")
    terminal.wait_for(lambda _: len(sim.requests()) == 2 and terminal.status.startswith("answer ("))
    assert hive.recorded().question == "<mis?q/x\nzn>"
    terminal.write("draft")
    terminal.wait_for("❯ draft")
    terminal.press("up")
    terminal.wait_for("❯ <mis?q/x")
    terminal.press("up", "up")
    terminal.wait_for("❯ one")
    terminal.press("down")
    terminal.wait_for("❯ <mis?q/x")
    terminal.press("down", "down")
    terminal.wait_for("❯ draft")
    terminal.press("ctrl+u")
    terminal.wait_for("❯ Ask the council anything")
    assert terminal.quit() == 0
    terminal.check_given_back()


def test_escape_cancels_a_live_run_and_without_one_leaves_the_line(hive, open_hive, sim, until) -> None:
    terminal = open_hive(*sim.single("stall:5"))
    terminal.ask(QUESTION)
    words = hive.until_streaming().attempts[0].text.channel_text(Channel.ANSWER)[:7]
    terminal.wait_for(words)
    terminal.wait_for("Esc cancels the run")
    terminal.write("next one")
    terminal.wait_for("❯ next one")
    terminal.press("enter")
    terminal.wait_for("a run is live: Esc cancels it")
    terminal.press("escape")
    terminal.wait_for("cancelled, what came is kept")
    until(lambda: sim.requests()[0]["outcome"] == "client-closed", "the simulator to see the stream closed")
    assert "❯ next one" in terminal.text, "what was being typed is kept"
    assert "Esc cancels the run" not in terminal.text
    kept = hive("runs", "show", "last", "--json").document
    assert (kept["error"] or {}).get("kind") in (None, "cancelled")
    attempt = kept["stages"][0]["attempts"][0]
    assert attempt["outcome"] == "cancelled"
    assert attempt["text"].startswith(words)
    assert words in terminal.text
    terminal.press("escape")
    terminal.wait_for("m maximise")  # the footer of a pane
    terminal.write("i")
    terminal.wait_for("Enter send")
    assert "❯ next one" in terminal.text, "the key went to the pane, not to the line"
    assert terminal.quit() == 0


def test_tab_walks_the_panes_and_i_or_enter_returns(open_hive, sim) -> None:
    terminal = open_hive(*sim.at(), "--model", "sim/instant", QUESTION)
    terminal.wait_for(lambda _: terminal.status.startswith("answer ("))
    names = ["GENERATOR", "REFINER", "VALIDATOR", "CURATOR", "ANSWER"]

    def focused(name: str):
        # The border of what has the focus is heavier.
        return lambda text: any(f"┏━ {name}" in line or f"┏━ {n} {name}" in line for line in text.splitlines()
                                for n in range(5))  # fmt: skip

    for name in names:
        terminal.press("tab")
        terminal.wait_for(focused(name))
    terminal.press("tab")
    terminal.wait_for("z zoom")  # the timeline, which has no border
    terminal.press("tab")
    terminal.wait_for(focused("Question"))
    terminal.press("shift+tab")
    terminal.wait_for("z zoom")
    for name in reversed(names):
        terminal.press("shift+tab")
        terminal.wait_for(focused(name))
    terminal.press("enter")
    terminal.wait_for(focused("Question"))
    terminal.press("tab")
    terminal.wait_for(focused("GENERATOR"))
    terminal.press("i")
    terminal.wait_for(focused("Question"))
    terminal.write("x")
    terminal.wait_for("❯ x")
    assert terminal.quit() == 0


def test_quitting_in_the_middle_of_a_run_keeps_what_came(hive, open_hive, sim, until) -> None:
    terminal = open_hive(*sim.single("stall:5"), QUESTION)
    terminal.wait_for("is streaming")
    assert terminal.quit() == 0
    terminal.check_given_back()
    until(lambda: hive.recorded().outcome, "the end of the run on the disk")
    assert hive.recorded().outcome.value == "cancelled"
    assert hive.recorded().attempts[0].text.chunks >= 5
    assert json.loads(hive("runs", "--json").out)[0]["run"] == hive.recorded().run
