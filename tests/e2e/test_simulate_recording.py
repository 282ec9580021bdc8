"""`hive simulate --recording`: a council asked of its own recording says again what it said."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

QUESTION = "What is 17% of 240?"
FAMILIAR = ("run", "endpoint", "recording", "ttft_ms", "duration_ms")


@contextmanager
def playing(hive: Any, until: Any, *words: str) -> Iterator[str]:
    """Its base URL."""
    server = hive.start("simulate", "--recording", *words)
    try:
        yield until(lambda: re.search(r"at (http\S+/api/v1) ", server.out.read_text()), "the server's greeting")[1]
    finally:
        server.signal(signal.SIGINT)
        assert server.wait().code == 0


def told(value: Any) -> Any:
    """A document without what differs between two runs."""
    if isinstance(value, dict):
        return {name: told(each) for name, each in value.items() if name not in FAMILIAR}
    return [told(each) for each in value] if isinstance(value, list) else value


def test_a_run_asked_of_its_recording_is_the_same_run(hive, sim, until) -> None:
    models = [f"--model={stage}=sim/instant" for stage in ("generator", "refiner", "validator", "curator")]
    first = hive("ask", *sim.at(), *models, "--json", QUESTION)
    assert first.code == 0
    with playing(hive, until, first.document["run"], "--pace", "instant") as url:
        where = ["--endpoint", url, "--dialect", "openrouter"]
        again = hive("ask", *where, *models, "--json", QUESTION)
        assert (again.code, told(again.document)) == (0, told(first.document))
        other = hive("ask", *where, *models, "--json", "And of 300?")
        assert other.code == 4
        assert QUESTION in other.document["error"]["message"]


def test_what_cannot_be_played_is_said(hive, sim) -> None:
    nothing = hive("simulate", "--recording", "last")
    assert (nothing.code, nothing.said.startswith("hive simulate: ")) == (3, True)
    hive("ask", *sim.single("say:yes"), QUESTION)
    assert hive("simulate", "--recording", "last", "--fault", "eof").code == 2
    assert hive("simulate", "--recording", "last", "--pace", "flash").code == 2
    assert hive("simulate", "--pace", "recorded").code == 2
    (run,) = hive.runs.iterdir()
    data = bytearray((run / "log").read_bytes())
    data[len(data) // 3] ^= 1
    (run / "log").write_bytes(data)
    damaged = hive("simulate", "--recording", "last")
    assert damaged.code == 3
    assert "hive verify" in damaged.said
    (run / "log").write_bytes(b"")
    assert hive("simulate", "--recording", "last").code == 3
