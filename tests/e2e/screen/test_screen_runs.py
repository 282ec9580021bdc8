"""The runs screen in a real terminal, over the real core: past runs are found, opened, deleted and brought back."""

from __future__ import annotations

import shutil

from hive_tui.config.runid import run_id
from tests.corpus import FINISHED as CORPUS

F7 = "\x1b[18~"
QUESTION = "How many days are there from 4 July 2025"


def test_a_past_run_is_found_opened_and_left_again(hive, open_hive) -> None:
    for number in range(3):
        shutil.copytree(CORPUS, hive.runs / run_id(1_790_000_000_000 + 60_000 * number, bytes(10)))
    terminal = open_hive()
    terminal.wait_for("❯")
    terminal.write(F7)
    terminal.wait_for(lambda text: "1 of 3" in text and text.count(QUESTION) > 3)
    terminal.write("x")
    terminal.wait_for("1 of 2")
    terminal.write("u")
    terminal.wait_for("1 of 3")
    terminal.write("/")
    terminal.write("july nowhere")
    terminal.wait_for("no run fits")
    terminal.press("ctrl+u")
    terminal.write("july")
    terminal.wait_for("1 of 3")
    terminal.press("enter")
    terminal.write("\r")
    terminal.wait_for(lambda text: "Runs" not in text.splitlines()[0] and QUESTION in text)
    terminal.write(F7)
    terminal.wait_for("1 of 3")
    terminal.escape("1 of 3")
    assert terminal.quit() == 0
    terminal.check_given_back()


def test_two_are_compared_and_the_shown_one_may_be_deleted(hive, open_hive) -> None:
    for number in range(2):
        shutil.copytree(CORPUS, hive.runs / run_id(1_790_000_000_000 + 60_000 * number, bytes(10)))
    terminal = open_hive()
    terminal.wait_for("❯")
    terminal.write(F7)
    terminal.wait_for("1 of 2")
    terminal.write("  d")
    terminal.wait_for("the two runs are the same")
    terminal.escape("the two runs are the same")
    terminal.write(F7)
    terminal.wait_for("1 of 2")
    terminal.press("enter")
    terminal.wait_for(lambda text: "1 of 2" not in text and QUESTION in text)
    terminal.write(F7)
    terminal.wait_for("1 of 2")
    terminal.write("x")
    terminal.wait_for("1 of 1")
    terminal.escape("1 of 1")
    terminal.press("left", "left", "home", "end")
    terminal.wait_for(QUESTION)
    assert terminal.quit() == 0
    terminal.check_given_back()


def test_limits_of_the_settings_are_kept_and_that_is_said(hive, open_hive) -> None:
    for number in range(3):
        shutil.copytree(CORPUS, hive.runs / run_id(1_790_000_000_000 + 60_000 * number, bytes(10)))
    settings = hive.home / "config" / "settings.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("[retention]\nmax_runs = 1\n")
    terminal = open_hive()
    terminal.wait_for("the limits of retention moved 2 runs to the trash")
    assert len([path for path in hive.runs.iterdir() if not path.name.startswith(".")]) == 1
    assert terminal.quit() == 0


def test_a_run_that_goes_on_is_seen_to_end(hive, open_hive, sim) -> None:
    terminal = open_hive(*sim.at(), "--model", "sim/atlas", "What is 17% of 240?")
    hive.until_streaming(3)
    terminal.write(F7)
    terminal.wait_for("running")
    terminal.write("x")
    terminal.wait_for("still running")
    terminal.wait_for("finished")
    terminal.press("escape")
    terminal.wait_for("answer (")
    assert terminal.quit() == 0
    terminal.check_given_back()


def test_the_live_run_may_be_opened_from_the_list(hive, open_hive, sim) -> None:
    terminal = open_hive(*sim.at(), "--model", "sim/atlas", "What is 17% of 240?")
    hive.until_streaming(3)
    terminal.write(F7)
    terminal.wait_for("running")
    terminal.press("enter")
    terminal.wait_for(lambda text: "1 of 1" not in text and "17% of 240" in text)
    terminal.press("end")
    terminal.wait_for(lambda text: "40.8" in text and terminal.status.startswith("answer ("))
    assert terminal.quit() == 0
    terminal.check_given_back()
