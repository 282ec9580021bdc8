"""Time travel in a real terminal: a live run is rewound while it goes on, a recorded one is opened and scrubbed."""

from __future__ import annotations

import re

import pytest

QUESTION = "What is 17% of 240?"


def test_a_live_run_is_rewound_goes_on_and_is_returned_to(hive, open_hive, sim, until) -> None:
    terminal = open_hive(*sim.single("stall:5:2"), QUESTION)
    hive.until_streaming(3)
    terminal.press("left")
    terminal.wait_for(lambda _: terminal.status.startswith("paused at ") and "behind" in terminal.status)
    assert "▼" in terminal.text or "0 s" in terminal.text, "the timeline stands under the panes"
    at = re.search(r"paused at ([\d.]+ m?s)", terminal.status)
    until(lambda: hive.recorded().outcome, "the end of the run, which nobody stopped")
    terminal.wait_for("to its end")
    assert at is not None
    assert f"paused at {at[1]}" in terminal.status
    assert "40.8" not in terminal.text
    terminal.press("end")
    terminal.wait_for(lambda text: "40.8" in text and terminal.status.startswith("answer ("))
    assert terminal.quit() == 0
    terminal.check_given_back()


@pytest.mark.parametrize("size", [(160, 48), (60, 20)])
def test_a_recorded_run_is_opened_and_scrubbed_with_held_keys(hive, open_hive, sim, size: tuple[int, int]) -> None:
    run = hive("ask", *sim.at(), "--model", "sim/instant", "--json", QUESTION).document["run"]
    terminal = open_hive("replay", run, size=size)
    terminal.wait_for(lambda _: terminal.status.startswith("answer ("))
    terminal.press("home")
    terminal.wait_for("event 1" if size[0] > 60 else "paused at 0 ms")
    terminal.press(*["."] * 12)  # a held key: each press is an event, however many come between two frames
    terminal.press(*[","] * 4)
    if size[0] > 60:
        terminal.wait_for("event 9 ")
    terminal.press("end")
    terminal.wait_for(lambda text: terminal.status.startswith("answer (") and ("40.8" in text or size[0] == 60))
    assert terminal.quit() == 0
    terminal.check_given_back()
    assert not terminal.strange


def test_a_recorded_run_is_opened_at_a_place_and_played_to_its_end(hive, open_hive, sim) -> None:
    hive("ask", *sim.at(), "--model", "sim/instant", QUESTION)
    terminal = open_hive("replay", "last", "--until", "stage:refiner")
    terminal.wait_for("paused at ")
    terminal.press(*"+++++++ ")
    terminal.wait_for(lambda text: "40.8" in text and terminal.status.startswith("answer ("))
    assert terminal.quit() == 0


def test_what_cannot_be_opened_is_said_and_the_terminal_is_left_alone(open_hive) -> None:
    terminal = open_hive("replay", "01nothing", ready=False)
    assert terminal.wait() == 3
    terminal.wait_for("no such run")
    terminal.check_given_back()
