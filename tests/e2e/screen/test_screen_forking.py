"""F in a real terminal: a recorded run is forked, and what comes is shown live."""

from __future__ import annotations

QUESTION = "What is 17% of 240?"
STAGES = ("generator", "refiner", "validator", "curator")


def test_a_recorded_run_is_forked_on_the_screen_and_goes_on_live(hive, open_hive, until) -> None:
    models = [f"--model={stage}=sim/instant" for stage in STAGES]
    run = hive("ask", *models, "--json", QUESTION).document["run"]
    terminal = open_hive("replay", run, "--until", "stage:refiner")
    terminal.wait_for("paused at ")
    terminal.press("F")
    terminal.wait_for("Enter forks")
    terminal.press("\r")
    terminal.wait_for(lambda text: f"forked from {run}" in text or terminal.status.startswith("answer ("))
    fork = until(lambda: (state := hive.recorded()).outcome and state.run != run and state, "the end of the fork")
    assert (fork.origin.parent, fork.is_inherited(1), fork.is_inherited(2)) == (run, True, False)
    terminal.wait_for(lambda text: "40.8" in text)
    assert terminal.quit() == 0
    assert hive("verify", fork.run).code == 0
