"""Gauges say what was measured, and nothing where nothing was."""

from io import StringIO
from types import SimpleNamespace

import pytest
from rich.console import Console
from rich.style import Style

from hive_tui.events import AttemptOpened
from hive_tui.state import RunState, fold_all
from hive_tui.tui import bars, chrome
from hive_tui.tui.colours import STYLES
from hive_tui.tui.gauging import Gauging, _frames
from hive_tui.tui.help import help_text
from hive_tui.tui.live.meters import KEY_LIMIT_S, Meters
from hive_tui.tui.live.rate import Rate
from hive_tui.tui.session import CoreStats


def clock(**more: object) -> SimpleNamespace:
    """As much of a frame clock as the gauges read."""
    return SimpleNamespace(
        **{"meters": Meters(), "rate": Rate(), "painter": SimpleNamespace(off=""), "asleep": False, **more}
    )


def test_without_a_sample_there_is_no_number() -> None:
    assert Gauging().read(RunState(), False, CoreStats(), None, 0.0) == {}
    found = _frames(clock(), 0.0, True)
    assert found == {"fps": "0/120", "p99": None, "key": None, "path": None}


def test_a_call_that_no_endpoint_has_answered_yet_is_not_free(runs) -> None:
    records = runs["failed"]
    asked = next(at for at, record in enumerate(records) if isinstance(record.event, AttemptOpened))
    assert "cost" not in Gauging().read(fold_all(records[:asked]), True, CoreStats(), None, 0.0)
    assert Gauging().read(fold_all(records), False, CoreStats(), None, 0.0)["cost"] == "$0", "it was refused"


def test_a_past_rate_that_cannot_be_read_is_unknown_and_not_the_present_one(runs) -> None:
    state, gauging = fold_all(runs["live"]), Gauging()
    gauging.read(state, True, CoreStats(), None, 0.0)
    assert "rate" in gauging.read(state, True, CoreStats(), None, 1.0)
    assert "rate" not in gauging.read(state, True, CoreStats(), None, 2.0, past=True)
    assert gauging.read(state, True, CoreStats(), None, 2.0, past=True, past_rate=7.0)["rate"] == "7 chunks/s"


def test_while_a_call_goes_on_the_cost_is_that_of_the_others_at_least(runs) -> None:
    assert Gauging().read(fold_all(runs["live"]), True, CoreStats(), None, 0.0)["cost"] == "≥$0.00214"


def test_a_clock_that_stands_is_idle_and_a_live_run_is_counted() -> None:
    assert _frames(clock(asleep=True), 0.0, False)["fps"] == "idle/120"
    assert _frames(clock(asleep=True), 0.0, True)["fps"] == "0/120"
    frames = clock()
    for tick in range(5):
        frames.meters.frame(tick / 10)
    assert _frames(frames, 0.4, False)["fps"] == "5/120"
    assert _frames(frames, 1.25, False)["fps"] == "2/120"


@pytest.mark.parametrize(
    ("path", "reason", "off", "said"),
    [
        ("fast", "", "", "direct"),
        ("fast", "covered", "", "direct (covered)"),
        ("compositor", "another screen on top", "", "compositor (another screen on top)"),
        ("compositor", "", "Textual 9.0 was not tested", "compositor (Textual 9.0 was not tested)"),
        ("compositor", "", "KeyError: " + "x" * 90, "compositor (KeyError: " + "x" * 29 + "…)"),
    ],
)
def test_the_way_of_the_last_frame_is_said_with_its_reason(path: str, reason: str, off: str, said: str) -> None:
    frames = clock(painter=SimpleNamespace(off=off))
    frames.meters.path, frames.meters.reason = path, reason
    assert _frames(frames, 0.0, True)["path"] == said


def test_a_key_that_changed_nothing_is_not_charged_with_what_comes_later() -> None:
    meters = Meters()
    meters.key(10.0)
    meters.nothing_waits(10.0 + KEY_LIMIT_S / 2)
    meters.composed(10.3)
    assert meters.key_to_paint.percentile(0.99) == pytest.approx(0.3)
    meters.key(20.0)
    meters.nothing_waits(21.0)
    meters.composed(60.0)
    assert len(meters.key_to_paint) == 1
    meters.key(70.0)
    meters.pane_moved()
    meters.nothing_waits(71.0)
    meters.panes_painted(71.5)
    assert len(meters.key_to_paint) == 2, "its pane waits for a slow terminal"


def test_what_is_wrong_is_kept_longest() -> None:
    values = {gauge.id: "1234567890" for gauge in bars.GAUGES}
    line = "".join(text for text, _ in bars.gauges(values, frozenset({"path"}), 40))
    assert "paint 1234567890" in line
    assert "lag" not in line


def test_every_gauge_and_figure_names_its_source_in_the_help() -> None:
    console = Console(width=200, file=StringIO())
    console.print(help_text("question", dict.fromkeys(STYLES, Style())))
    said = console.file.getvalue()
    for each in (*bars.GAUGES, *chrome.FIGURES):
        assert each.help
        assert each.help in said
    for name, source in chrome.BESIDE:
        assert name in said
        assert source in said
