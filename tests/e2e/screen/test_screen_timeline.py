"""The timeline in a real terminal, over a real core: lanes, go to, break points, markers."""

from __future__ import annotations

QUESTION = "What is 17% of 240?"


def test_a_run_is_looked_through_by_name_break_point_and_marker(hive, open_hive, sim) -> None:
    run = hive("ask", *sim.at(), "--model", "sim/instant", "--json", QUESTION).document["run"]
    terminal = open_hive("replay", run)
    terminal.wait_for(lambda _: terminal.status.startswith("answer ("))
    terminal.wait_for(lambda text: "stages" in text and "▏generator" in text)
    terminal.press("home", "g")
    terminal.wait_for("12.5s")
    terminal.press(*"stage:nobody", "enter")
    terminal.wait_for("there is no such stage")
    terminal.press("ctrl+u", *"stage:refiner", "enter")
    terminal.wait_for(lambda text: "Enter goes" not in text and terminal.status.startswith("paused at"))
    terminal.press("M")
    terminal.wait_for("Name for the moment")
    terminal.press(*"here it begins", "tab", *"the refiner", "enter")
    terminal.wait_for(lambda text: "◆here" in text and "Name for" not in text)
    terminal.press("b")
    terminal.wait_for("Stop where")
    terminal.press(*"diverge", "enter", *"text:40\\.8", "enter")
    terminal.escape("Stop where")
    terminal.press("end")
    terminal.wait_for(lambda _: terminal.status.startswith("answer ("))
    terminal.press("N")
    terminal.wait_for(lambda text: "text:40\\.8 at" in text)
    terminal.press("]")
    terminal.wait_for("event ")
    assert terminal.quit() == 0
    assert not terminal.strange
    assert "here it begins" in hive("mark", run).out.decode()
