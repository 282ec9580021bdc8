"""The panes: following, scrolling, searching, copying, maximising, and a stage's settings."""

from __future__ import annotations

import base64
import re
import tomllib

import pytest

QUESTION = "What is 17% of 240?"
WHEEL_UP = "\x1b[<64;20;8M"


def numbered(count: int) -> str:
    """A fault that has the answer say so many numbered rows."""
    return "say:" + "%0A".join(f"row-{n:04}" for n in range(count))


@pytest.fixture
def streaming(open_hive, strange, sse):
    """A run whose only stage goes on speaking, in rows with numbers, as long as it is told to."""
    state = {"go": True, "until": 400, "sent": 0}

    def script(_number: int, _request: bytes):
        head, _, frame = sse("row-0000\n", finish=None).partition(b"\r\n\r\n")
        yield head + b"\r\n\r\n"
        import time

        while state["go"]:
            if state["sent"] < state["until"]:
                yield frame.replace(b"row-0000", b"row-%04d" % state["sent"])
                state["sent"] += 1
            else:
                time.sleep(0.002)
        yield sse().partition(b"\r\n\r\n")[2]

    server = strange(script=script)
    terminal = open_hive(*server.options(), size=(100, 30))
    terminal.ask("speak")
    terminal.wait_for("row-0399")
    yield terminal, state
    state["go"] = False


def test_scrolling_up_leaves_the_end_and_the_key_end_goes_back_to_it(streaming) -> None:
    terminal, state = streaming
    terminal.press("tab")
    terminal.wait_for("m maximise")
    for up in ("up", "pageup", WHEEL_UP):
        terminal.press(up)
        terminal.wait_for("End follows")
        top = re.findall(r"row-\d{4}", terminal.text)[0]
        state["until"] += 50
        terminal.wait_for(lambda _: state["sent"] >= state["until"])
        assert re.findall(r"row-\d{4}", terminal.text)[0] == top, "what is read stays where it is"
        terminal.press("end")
        terminal.wait_for(lambda text: f"row-{state['until'] - 1:04}" in text and "End follows" not in text)
    terminal.press("ctrl+home")
    terminal.wait_for("row-0000")
    terminal.press("pagedown", "end")
    state["until"] += 10
    terminal.wait_for(f"row-{state['until'] - 1:04}")
    assert terminal.quit() == 0


def test_a_pane_is_searched_while_it_streams(streaming) -> None:
    terminal, state = streaming
    terminal.press("tab")
    terminal.wait_for("m maximise")
    terminal.press("/")
    terminal.wait_for("Esc end search")
    terminal.write("ROW-0123")
    terminal.wait_for("not found")
    for _ in "ROW-0123":
        terminal.press("backspace")
    terminal.write("row-012")
    terminal.wait_for(lambda text: " / row-012 " in text and "row-0120" in text and "row-0399" not in text)
    terminal.press("enter")
    terminal.escape("Esc end search")
    terminal.press("n")
    terminal.wait_for("row-0122")
    state["until"] += 10
    terminal.press("N")
    terminal.wait_for("row-0121")
    terminal.press("i")
    terminal.wait_for("Enter send")
    assert terminal.quit() == 0


def test_a_pane_is_copied_to_the_terminals_clipboard(open_hive, strange, sse) -> None:
    text = "first line\nevil \x1b]52;c;ZXZpbA==\x07 \u202e line\n"
    terminal = open_hive(*strange(sse(text)).options(), "q")
    terminal.wait_for("answer (")
    terminal.press("tab")
    terminal.wait_for("m maximise")
    terminal.press("c")
    terminal.wait_for("copied")
    copied = [base64.b64decode(each) for each in re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", bytes(terminal.raw))]
    assert len(copied) == 1, "the person's copy and not the answer's own"
    assert copied[0].decode().startswith("first line\nevil ")
    assert b"\x1b" not in copied[0]
    assert {each[:5] for each in terminal.strange} == {b"\x1b]52;"}
    assert terminal.quit() == 0


def test_a_pane_takes_the_whole_screen_and_gives_it_back(open_hive, sim) -> None:
    terminal = open_hive(*sim.at(), "--model", "sim/instant", QUESTION)
    terminal.wait_for(lambda _: terminal.status.startswith("answer ("))
    terminal.press("tab", "tab")
    terminal.wait_for("┏━ 2 REFINER")
    terminal.press("m")
    terminal.wait_for(
        lambda text: "╭─ 1 GENERATOR" not in text and len(terminal.row_with("┏━ 2 REFINER").strip()) == 160
    )
    terminal.press("m")
    terminal.wait_for(lambda text: "╭─ 1 GENERATOR" in text and "ANSWER" in text)
    terminal.press("f3")
    terminal.wait_for(lambda text: "ANSWER ·" not in text)
    terminal.press("f3")
    terminal.wait_for("ANSWER ·")
    assert terminal.quit() == 0


def test_a_stages_model_is_changed_for_the_next_run_and_in_the_profile(hive, open_hive, sim) -> None:
    base = f"{sim.root}/openrouter-wire/api/v1"
    hive.profile(
        '# my own words\nplan = "single"\nendpoint = "mine"\n\n[endpoints.mine]  # stays\n'
        f'base_url = "{base}"\ndialect = "openrouter"\n\n[stages.generator]\nmodel = "sim/instant"  # fast\n'
    )
    terminal = open_hive()
    terminal.ask("one")
    terminal.wait_for("answer (")
    terminal.press("tab")
    terminal.wait_for("m maximise")
    terminal.press("s")
    terminal.wait_for("next run")
    # All of it in one burst: each key acts where the ones before it lead.
    terminal.press("ctrl+u", "sim/instant+fault=say:changed", "tab", "sim/atlas, sim/birch", "tab", "9", "enter")
    terminal.wait_for("expected 0 to 2")
    terminal.press("backspace", "0.5")
    terminal.wait_for(lambda text: "0.5" in text and "expected 0 to 2" not in text)
    terminal.press("enter")
    terminal.wait_for("saved in")
    terminal.press("i")
    terminal.wait_for("Enter send")
    terminal.ask("two")
    terminal.wait_for(lambda _: hive.recorded().question == "two" and terminal.status.startswith("answer ("))
    terminal.wait_for(lambda text: "│ changed" in text and "## one" not in text)
    assert sim.requests()[-1]["model"] == "sim/instant+fault=say:changed"
    assert hive.recorded().plan.stages[0].params.temperature == 0.5
    file = hive.home / "config" / "profiles" / "default.toml"
    text = file.read_text()
    assert text.startswith("# my own words\n")
    assert "[endpoints.mine]  # stays" in text
    assert "# fast" in text
    stage = tomllib.loads(text)["stages"]["generator"]
    assert stage == {
        "model": "sim/instant+fault=say:changed", "fallbacks": ["sim/atlas", "sim/birch"], "temperature": 0.5,
    }  # fmt: skip
    assert terminal.quit() == 0
