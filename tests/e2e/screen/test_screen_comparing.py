"""Runs compared, told and decided again in a real terminal, by a real core."""

from __future__ import annotations

import pytest

QUESTION = "What is 17% of 240?"


@pytest.mark.parametrize("size", [(160, 48), (60, 20)])
def test_a_run_is_compared_told_and_decided_again(hive, open_hive, sim, size: tuple[int, int]) -> None:
    first = hive("ask", *sim.at(), "--model", "sim/instant", "--json", QUESTION).document["run"]
    hive("ask", *sim.at(), "--model", "sim/instant", "--model", "curator=say:It is 41.", QUESTION)
    terminal = open_hive("replay", "last", size=size)
    terminal.wait_for(lambda _: terminal.status.startswith("answer ("))
    terminal.press("d")
    terminal.wait_for(lambda text: "Compare" in text and f"+ {first}" in text and "first divergence" in text)
    terminal.wait_for("curator, round 1: call")
    terminal.press("enter")
    terminal.wait_for("paused at ")
    terminal.press("t")
    terminal.wait_for(lambda text: "Statistics" in text and "1st token" in text)
    terminal.press("a")
    terminal.wait_for("2 runs")
    terminal.escape("Statistics")
    terminal.press("end")
    terminal.wait_for(lambda _: terminal.status.startswith("answer ("))
    terminal.press("w")
    terminal.wait_for(lambda text: "What if" in text and "decided: " in text)
    terminal.press("down", "down", "down", " ")
    terminal.wait_for("refuses")
    terminal.escape("decided: ")
    assert terminal.quit() == 0
    terminal.check_given_back()
    assert not terminal.strange
