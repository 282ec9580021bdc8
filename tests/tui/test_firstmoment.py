"""The first picture of a recorded run has the cells of the screen's own: what may differ is named here."""

import asyncio

import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from hive_tui.events import Carried, Channel, Decision, Outcome, RunEnded
from hive_tui.recording.navigation.walker import Place, Walker
from hive_tui.recording.timeline import Timeline
from hive_tui.tui import colours, firstframe, firstmoment
from hive_tui.tui.session import CoreStats
from tests.tui.conftest import Script, failed_run, live_run, whole_run
from tests.tui.test_firstframe import DEPTHS, cells
from tests.tui.test_pictures import settle
from tests.tui.travel.test_session import RUN, Log

SIZES = [(160, 48), (120, 40), (100, 30), (80, 60), (80, 24), (60, 20), (30, 12), (20, 6)]
PROSE = "Air scatters short waves of light more strongly than long ones, so the sky is blue.\nAt dusk it is not."


def prose_run(answer: str = PROSE):
    """A run whose answer has no markup, and whose last call thought before."""
    script = Script().begin("Why is the sky blue?")
    first = script.attempt("generator")
    script.text(first, "words " * 400 + "\nthe last ones").finish(first, "generator", 118, "0.00214")
    last = script.attempt("curator")
    script.text(last, "What is asked? " * 9, Channel.REASONING)
    script.text(last, answer).finish(last, "curator", 212, "0.00391")
    script.add(RunEnded(Outcome.FINISHED, Decision.CURATOR, Carried(last)))
    return script.records


RUNS = {
    "whole": whole_run,
    "live": live_run,
    "failed": failed_run,
    "prose": prose_run,
    "long": lambda: prose_run(f"{PROSE}\n\n" * 60),
    "wide": lambda: prose_run("The sky is 青い.\n" * 30),
}


@pytest.fixture
def quiet(session, monkeypatch):
    """Nothing is known of the viewer itself, as before Textual is there."""
    monkeypatch.setattr("hive_tui.tui.gauging.VITALS_S", float("inf"))
    session.figures = CoreStats()

    def later() -> None:
        monkeypatch.setattr("hive_tui.tui.gauging._frames", lambda _clock, _now, _live: {})

    return later


def first_lines(folder, place: Place | None, width: int, height: int):
    timeline = Timeline(folder)
    place = Place(timeline.last_seq) if place is None else place
    walker = Walker(timeline)
    walker.go(max(place, Place(1)))
    lines = firstmoment.lines(width, height, firstmoment.Moment(timeline, walker.place, walker.state))
    timeline.close()
    return lines


def fresh(strip: Strip) -> Strip:
    """The same without the codes that Rich keeps in a style, whatever depth it was rendered for before."""

    def again(style: Style) -> Style:
        marks = {name: getattr(style, name) for name in ("bold", "dim", "italic", "underline", "reverse")}
        return Style(color=style.color, bgcolor=style.bgcolor, **marks)

    return Strip([Segment(text, again(style or Style.null())) for text, style, _ in strip])


def settled(app, width: int, height: int, environ: dict[str, str]):
    """What the screen paints when it stands, and where its parts are."""

    async def run():
        async with app.run_test(size=(width, height)) as pilot:
            while not (app._begun and app._council.at_rest):
                await pilot.pause(0.01)
            await settle(pilot)
            console = Console(force_terminal=True, legacy_windows=False, _environ=environ, width=width, height=height)
            strips = app.screen._compositor.render_strips()
            out = [f"\x1b[{y + 1};1H{fresh(strip).render(console)}" for y, strip in enumerate(strips)]
            return "".join(out), app._council.geometry.parts

    return asyncio.run(run())


def differences(raw, painted, width: int, height: int, but=(0, 0, 0, 0)):
    x0, y0, w, h = but
    both = zip(cells(raw, width, height), cells(painted, width, height), strict=True)
    return [
        (x, y, mine, theirs)
        for y, (left, right) in enumerate(both)
        for x, (mine, theirs) in enumerate(zip(left, right, strict=True))
        if mine != theirs and not (x0 <= x < x0 + w and y0 <= y < y0 + h)
    ]


def compared(run: str, place: Place | None, size, depth: str, make_app, quiet, tmp_path, monkeypatch, but: str = ""):
    width, height = size
    if depth == colours.PLAIN:
        monkeypatch.setenv("NO_COLOR", "1")
    app = make_app(opened=(RUN, place), roles=("generator", "refiner", "validator", "curator"))
    quiet()
    folder = tmp_path / "data" / "runs" / RUN
    Log(folder, RUNS[run](), over=run != "live")
    raw = firstframe.picture(first_lines(folder, place, width, height), colours.DARK, depth)
    painted, parts = settled(app, width, height, DEPTHS[depth])
    return differences(raw, painted, width, height, parts.get(but, (0, 0, 0, 0)))


@pytest.mark.parametrize("size", SIZES, ids=[f"{w}x{h}" for w, h in SIZES])
@pytest.mark.parametrize("place", [Place(1), Place(40), Place(70, 1), Place(120), Place(180)], ids=str)
def test_the_screen_shows_the_same_cells_of_the_past(place, size, make_app, quiet, tmp_path, monkeypatch) -> None:
    assert compared("whole", place, size, colours.TRUECOLOR, make_app, quiet, tmp_path, monkeypatch) == []


@pytest.mark.parametrize("size", SIZES, ids=[f"{w}x{h}" for w, h in SIZES])
@pytest.mark.parametrize("run", ["live", "failed", "prose", "long", "wide"])
def test_the_screen_shows_the_same_cells_at_the_end(run, size, make_app, quiet, tmp_path, monkeypatch) -> None:
    # Markup is not set yet, nor known how many rows it will take.
    but = "" if run != "wide" else "answer"
    assert compared(run, None, size, colours.TRUECOLOR, make_app, quiet, tmp_path, monkeypatch, but) == []


@pytest.mark.parametrize("depth", DEPTHS)
def test_in_all_depths_of_colour(depth, make_app, quiet, tmp_path, monkeypatch) -> None:
    assert compared("prose", None, (120, 40), depth, make_app, quiet, tmp_path, monkeypatch) == []
