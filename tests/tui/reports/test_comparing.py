"""Two runs compared, calls told and rules supposed on the screen; the core's own code answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from hive_tui import wire
from hive_tui.core.commands import Command, PlaceFound, Reply
from hive_tui.core.comparing import CompareRuns, CompareTexts, Suppose, TellAllCalls, TellCalls
from hive_tui.core.comparisons import Comparisons
from hive_tui.council.verdict import read_verdict
from hive_tui.events import Carried, Channel, Delta, Params, Record, RunEnded, RunStarted, StageEnded, Verdict
from hive_tui.kernels.choose import Kernels
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.writer import LogWriter
from hive_tui.tui.reports.compare_screen import CompareScreen
from hive_tui.tui.reports.report_screen import ReportScreen
from hive_tui.tui.reports.statistics_screen import StatisticsScreen
from hive_tui.tui.reports.whatif_screen import WhatIfScreen
from tests.tui.conftest import whole_run
from tests.tui.recorded import RUN, RecordedSession

OTHER = "01k9a7c1-0000"
MINE = (CompareRuns, CompareTexts, TellCalls, TellAllCalls, Suppose)
SIZES = [(160, 48), (80, 24), (60, 20)]
sizes = pytest.mark.parametrize("size", SIZES, ids=[f"{w}x{h}" for w, h in SIZES])


def this_run() -> list[Record]:
    """The scripts' run, with verdicts as reviewers state them."""
    records: list[Record] = []
    texts: dict[int, str] = {}
    for record in whole_run():
        event = record.event
        if isinstance(event, Delta) and event.channel is Channel.ANSWER:
            if record.stream in (2, 4) and record.stream not in texts:
                data = b"VERDICT: REVISE\n\n" + event.data
                event = replace(event, data=data, table=wire.CHUNK.pack(0, len(data)))
            texts[record.stream] = texts.get(record.stream, "") + event.data.decode()
        elif isinstance(event, StageEnded) and event.stage in ("refiner", "curator"):
            event = replace(
                event, verdict=Verdict.REVISE, carried=_revised(texts, 2 if event.stage == "refiner" else 4)
            )
        elif isinstance(event, StageEnded) and event.stage == "validator":
            event = replace(event, carried=_revised(texts, 2))
        elif isinstance(event, RunEnded):
            event = replace(event, answer=_revised(texts, 4))
        records.append(replace(record, event=event))
    return records


def _revised(texts: dict[int, str], stream: int) -> Carried:
    said = read_verdict(texts[stream])
    return Carried(stream, said.start, said.stop)


def other_run() -> list[Record]:
    """The same question, answered a little otherwise and later."""
    records = []
    for record in this_run():
        event = record.event
        if isinstance(event, RunStarted):
            *before, curator = event.plan.stages
            cold = replace(curator, params=Params(temperature=0.2))
            event = replace(event, run=OTHER, plan=replace(event.plan, stages=(*before, cold)))
        elif isinstance(event, Delta) and record.stream == 4 and event.data in (b"**white**, ", b"red; "):
            data = event.data.upper()
            event = replace(event, data=data, table=wire.CHUNK.pack(0, len(data)))
        records.append(replace(record, event=event, time_ns=record.time_ns * 5 // 4))
    return records


class ComparedSession(RecordedSession):
    """Its own run, and another that was recorded before it."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.comparisons = Comparisons(self.runs, Kernels(home / "cache", home / "rings"))

    def both(self) -> None:
        log = LogWriter(self.runs / OTHER, LogHeader(OTHER, 0), lambda job: job())
        for each in other_run():
            log.append(wire.encode(each), Span(1, each.seq, each.seq, each.time_ns, each.time_ns))
        log.finish()
        self.play(this_run())
        self.end()

    def query(self, command: Command, tell: Callable[[Reply | None], None]) -> None:
        if isinstance(command, MINE):
            self.calls.append(("query", command))
            tell(self.comparisons.tell(command))
        else:
            super().query(command, tell)

    def asked(self, kind: type) -> list[Command]:
        return [call[1] for call in self.calls if call[0] == "query" and isinstance(call[1], kind)]


@pytest.fixture
def session(tmp_path: Path) -> ComparedSession:
    return ComparedSession(tmp_path)


async def shown(pilot, *keys: str) -> str:
    """What the dialog tells after these keys."""
    await pilot.press(*keys)
    await pilot.pause()
    await pilot.pause()
    screen = pilot.app.screen
    return text_of(screen) if isinstance(screen, ReportScreen) else ""


def text_of(screen) -> str:
    return "\n".join("".join(text for text, _ in row) for row in screen.report._rows)


async def begun(pilot, session: ComparedSession) -> None:
    """The run is over and on the screen, and a pane has the focus."""
    session.both()
    app = pilot.app
    while app.frames is None or app.screen.state.outcome is None:
        await pilot.pause(0.02)
        if app.frames is not None:
            app.frames.frame()
    app.look()
    await pilot.press("tab")
    await pilot.pause()


def test_two_runs_side_by_side(drive, session) -> None:
    async def act(pilot, _screen) -> None:
        await begun(pilot, session)
        told = await shown(pilot, "d")
        assert isinstance(pilot.app.screen, CompareScreen)
        assert session.asked(CompareRuns) == [CompareRuns(RUN)]
        assert f"- {RUN}" in told
        assert f"+ {OTHER}" in told
        assert "stages.curator.params.temperature" in told
        assert "first divergence" in told
        assert "[-**white**, -]{+**WHITE**, +}" in " ".join(told.split()) or "{+WHITE+}" in told
        lanes = [row for row in told.splitlines() if row.startswith(("  - ", "  + ")) and row.endswith(" s")]
        assert len(lanes) == 8
        assert len({len(row) for row in lanes}) == 1

    drive(act)


def test_enter_goes_to_the_first_divergence(drive, session) -> None:
    async def act(pilot, screen) -> None:
        await begun(pilot, session)
        wanted = []
        screen._go = wanted.append
        await shown(pilot, "d", "enter")
        assert pilot.app.screen is screen
        (place,) = wanted
        assert isinstance(place, PlaceFound)
        assert 0 < place.time_ns < session.now

    drive(act)


def test_two_runs_that_are_not_shown_are_compared_and_the_first_is_opened(drive, session) -> None:
    async def act(pilot, screen) -> None:
        await begun(pilot, session)
        opened = []
        screen.open_run = lambda run, place: opened.append((run, place))
        screen.compare_runs(OTHER, RUN)
        told = await shown(pilot)
        assert told.startswith(f"- {OTHER}")
        await shown(pilot, "enter")
        ((run, place),) = opened
        assert run == OTHER
        assert place.seq > 0

    drive(act)


def test_texts_of_the_stages_one_after_the_other(drive, session) -> None:
    async def act(pilot, _screen) -> None:
        await begun(pilot, session)
        assert "answers  text 1 of 5" in await shown(pilot, "d")
        assert "generator, round 1  text 2 of 5" in await shown(pilot, "n")
        assert "curator, round 1  text 5 of 5" in await shown(pilot, "N", "N")
        assert session.asked(CompareTexts)[-1] == CompareTexts(RUN, OTHER, "curator")

    drive(act)


def test_long_texts_come_in_pages_while_one_scrolls(drive, session, monkeypatch) -> None:
    monkeypatch.setattr("hive_tui.core.comparisons.TEXT_PAGE", 100)

    async def act(pilot, _screen) -> None:
        await begun(pilot, session)
        await shown(pilot, "d")
        few = len(session.asked(CompareTexts))
        whole = session.comparisons.tell(CompareTexts(RUN, OTHER)).size
        for _ in range(20):
            told = await shown(pilot, "end")
        starts = [asked.start for asked in session.asked(CompareTexts)]
        assert few <= len(starts) == -(-whole // 100)
        assert starts == list(range(0, whole, 100))
        assert told.count("Violet scatters more still") == 1
        await shown(pilot, "escape", "w", *("down",) * 7)
        for _ in range(20):
            told = await shown(pilot, "end")
        assert told.rstrip().endswith("(https://example.org/rayleigh).")
        assert told.count("Violet scatters more still") == 1

    drive(act, size=(60, 20))


def test_another_run_is_named(drive, session) -> None:
    async def act(pilot, screen) -> None:
        await begun(pilot, session)
        told = await shown(pilot, "d", "o", "ctrl+u", *RUN, "enter")
        assert "the two runs are the same" in told
        assert "{+" not in told
        assert "no such run" in await shown(pilot, "o", "ctrl+u", *"nobody", "enter")
        await shown(pilot, "o", "escape")
        assert isinstance(pilot.app.screen, CompareScreen), "Escape leaves the field first"
        await shown(pilot, "escape")
        assert pilot.app.screen is screen

    drive(act)


def test_statistics_of_the_run_of_a_stretch_and_of_all(drive, session) -> None:
    async def act(pilot, screen) -> None:
        await begun(pilot, session)
        whole = await shown(pilot, "t")
        assert isinstance(pilot.app.screen, StatisticsScreen)
        assert "4 calls · 0 retries · $0.00801" in whole
        assert [word for word in ("connect", "1st token", "tokens/s", "stalls") if word not in whole] == []
        every = await shown(pilot, "a")
        assert "2 runs" in every
        assert "gaps between chunks" in every
        assert await shown(pilot, "a") == whole
        await shown(pilot, "escape")
        screen.timeline.selection = (100_000_000, 1_000_000_000)
        part = await shown(pilot, "t")
        assert session.asked(TellCalls)[-1] == TellCalls(RUN, "0.1s", "1s")
        assert " · 1 call · " in part
        assert await shown(pilot, "s") == whole

    drive(act)


def test_statistics_without_a_run_are_of_all(drive, session) -> None:
    async def act(pilot, _screen) -> None:
        await pilot.press("tab")
        assert "nothing has been recorded yet" in await shown(pilot, "t")
        assert session.asked(TellAllCalls) == [TellAllCalls()]

    drive(act)


def test_another_rule_another_weight_a_refusal(drive, session) -> None:
    async def act(pilot, _screen) -> None:
        await begun(pilot, session)
        told = await shown(pilot, "w")
        assert isinstance(pilot.app.screen, WhatIfScreen)
        assert "decided: curator" in told
        await shown(pilot, "space")
        assert session.asked(Suppose)[-1].refusing == ("generator",)
        assert "no answer" in text_of(pilot.app.screen)
        await shown(pilot, "space", "down", "plus", "plus", "minus")
        assert session.asked(Suppose)[-1].weights == (("refiner", "2"),)
        await shown(pilot, "space", "space")
        assert session.asked(Suppose)[-1].without == ("refiner",)
        direct = await shown(pilot, *("down",) * 5)
        assert session.asked(Suppose)[-1].rule == "direct"
        assert "Rayleigh scattering: molecules" in direct
        assert "❯ direct" in direct

    drive(act)


@pytest.mark.parametrize("size", [(60, 20), (20, 6)], ids=["60x20", "20x6"])
def test_the_marked_row_is_in_view(drive, session, size) -> None:
    async def act(pilot, _screen) -> None:
        await begun(pilot, session)
        await shown(pilot, "w")
        for marked in (*range(1, 8), 7, *range(6, -1, -1)):
            told = await shown(pilot, "down" if marked > 6 or pilot.app.screen._marked < marked else "up")
            report = pilot.app.screen.report
            (row,) = [number for number, text in enumerate(told.splitlines()) if text.startswith("❯")]
            assert report.scroll_y <= row < report.scroll_y + report.size.height
        assert pilot.app.screen._marked == 0

    drive(act, size=size)


@pytest.mark.parametrize("key", ["d", "t", "w"])
def test_the_way_out_is_seen_in_sixty_columns(drive, session, key: str) -> None:
    async def act(pilot, _screen) -> None:
        await begun(pilot, session)
        await shown(pilot, key)
        assert "Esc closes" in pilot.app.export_screenshot().replace("&#160;", " ")

    drive(act, size=(60, 20))


def test_a_long_report_is_scrolled_by_keys(drive, session) -> None:
    async def act(pilot, _screen) -> None:
        await begun(pilot, session)
        await shown(pilot, "d")
        report = pilot.app.screen.report
        tops = []
        for key in ("down", "pagedown", "end", "up", "home"):
            await shown(pilot, key)
            tops.append(round(report.scroll_y))
        assert tops[0] == 1
        assert tops[0] < tops[1] < tops[2]
        assert tops[3:] == [tops[2] - 1, 0]

    drive(act, size=(60, 20))


def test_without_a_run_there_is_nothing_to_compare_or_suppose(drive) -> None:
    async def act(pilot, screen) -> None:
        await pilot.press("tab", "d", "w")
        await pilot.pause()
        assert pilot.app.screen is screen

    drive(act)


@sizes
@pytest.mark.parametrize("key", ["d", "t", "w"], ids=["compare", "statistics", "what-if"])
def test_picture(snap_compare, make_app, session, key, size) -> None:
    async def press(pilot) -> None:
        await begun(pilot, session)
        await shown(pilot, key)

    assert snap_compare(make_app(), terminal_size=size, run_before=press)


@sizes
def test_picture_of_all_runs(snap_compare, make_app, session, size) -> None:
    async def press(pilot) -> None:
        await begun(pilot, session)
        await shown(pilot, "t", "a")

    assert snap_compare(make_app(), terminal_size=size, run_before=press)
