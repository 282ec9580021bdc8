"""Lanes of a run, and the models that the settings of a stage offer, on the real screen."""

from __future__ import annotations

LIST = b'{"data":[{"id":"acme/one"},{"id":"acme/two"},{"id":"other/three"}]}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(
    LIST
)
PROFILE = """
plan = "single"
endpoint = "mine"
[endpoints.mine]
base_url = "http://127.0.0.1:{port}/v1"
[stages.generator]
model = "acme/one"
"""


def test_the_models_of_an_endpoint_are_asked_for_once_kept_and_taken(hive, open_hive, strange) -> None:
    server = strange(HEAD, LIST)
    hive.profile(PROFILE.format(port=server.port))
    terminal = open_hive()
    assert server.requests == []
    terminal.press("tab", "s")
    terminal.wait_for("3 models of mine")
    assert terminal.quit() == 0
    terminal = open_hive()
    terminal.press("tab", "s")
    terminal.wait_for("3 models of mine")
    assert [request.split(b"\r\n")[0] for request in server.requests] == [b"GET /v1/models HTTP/1.1"]
    terminal.press("ctrl+u")
    terminal.write("two")
    terminal.wait_for(lambda text: "acme/two" in text and "other/three" not in text)
    terminal.press("down", "tab", "enter")
    terminal.wait_for("saved in")
    assert 'model = "acme/two"' in (hive.home / "config" / "profiles" / "default.toml").read_text()
    assert terminal.quit() == 0


def test_an_endpoint_of_the_command_line_is_asked_for_no_list(open_hive, strange) -> None:
    server = strange(HEAD, LIST)
    terminal = open_hive(*server.options())
    terminal.press("tab", "s")
    terminal.wait_for("no list: an endpoint of the command line")
    terminal.escape("no list: an endpoint")
    assert terminal.quit() == 0
    assert server.requests == []


def test_each_pane_has_a_lane_and_a_maximised_one_a_row_for_it(open_hive, sim) -> None:
    terminal = open_hive(*sim.at(), "--model", "sim/instant", "What is 17% of 240?")
    terminal.wait_for(lambda _: terminal.status.startswith("answer ("))

    def edges(text: str) -> list[str]:
        return [half for line in text.splitlines() for half in line.split("╯╰") if "ttft" in half]

    terminal.wait_for(lambda text: len(edges(text)) == 4 and all("█" in edge for edge in edges(text)))
    terminal.press("tab", "m")
    terminal.wait_for(lambda text: "┃ text " in text and "█" in terminal.row_with("┃ text "))
    assert terminal.quit() == 0
