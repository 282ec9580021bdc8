"""The runs screen: finds, opens, compares, marks, deletes and brings back, through the core's own answers."""

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

from hive_tui.config.paths import paths
from hive_tui.config.runid import run_id
from hive_tui.core.commands import Command, Reply
from hive_tui.core.run_lists import RunLists
from hive_tui.tui.runs.screen import RunsScreen
from hive_tui.tui.screen import CouncilScreen
from hive_tui.tui.widgets.run_list import RunList
from tests.corpus import FINISHED as CORPUS

SIZES = [(160, 48), (80, 24), (60, 20)]


def recorded(home: Path, count: int) -> list[str]:
    names = [run_id(1_790_000_000_000 + 60_000 * number, bytes(10)) for number in range(count)]
    for name in names:
        shutil.copytree(CORPUS, home / "data" / "runs" / name)
    return names[::-1]


@pytest.fixture
def opened(drive, session, monkeypatch):
    """Runs a function on the runs screen over a real catalogue; what is chosen comes to `chosen`."""
    monkeypatch.setattr(
        CouncilScreen, "open_run", lambda _self, run: session.calls.append(("open", run)), raising=False
    )
    monkeypatch.setattr(
        CouncilScreen, "compare_runs", lambda _self, a, b: session.calls.append(("compare", a, b)), raising=False
    )

    def run(act: Callable[..., object], size: tuple[int, int] = (100, 30)) -> None:
        async def whole(pilot: Pilot[object], _screen: object) -> None:
            lists = RunLists(paths())
            tasks = set()

            def query(command: Command, tell: Callable[[Reply | None], None]) -> None:
                async def ask() -> None:
                    tell(await lists.answer(command))

                task = asyncio.get_running_loop().create_task(ask())
                tasks.add(task)
                task.add_done_callback(tasks.discard)

            session.query = query
            await pilot.press("f7")
            await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))
            runs = pilot.app.screen
            await until(pilot, lambda: runs._page is not None)
            await act(pilot, runs)
            await asyncio.gather(*tasks)
            await lists.close()

        drive(whole, size)

    return run


async def until(pilot: Pilot[object], true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        await pilot.pause(0.01)


def listed(screen: RunsScreen) -> list[str]:
    return [row.summary.run for _, row in sorted(screen._pages.rows.items())]


def head(screen: RunsScreen) -> str:
    return "".join(text for text, _ in screen._head_lines(200, 1)[0])


def test_nothing_is_recorded(opened) -> None:
    async def act(pilot, screen) -> None:
        assert "0 of 0" in head(screen)
        await pilot.press("enter", "space", "m", "x", "u", "d", "end", "home")
        assert pilot.app.screen is screen
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is not screen)

    opened(act)


def test_a_run_is_opened(opened, session, tmp_path) -> None:
    runs = recorded(tmp_path, 5)

    async def act(pilot, screen) -> None:
        assert listed(screen) == runs
        await pilot.press("down", "down", "up", "enter")
        await until(pilot, lambda: ("open", runs[1]) in session.calls)

    opened(act)


def test_the_mouse_goes_to_a_run(opened, tmp_path) -> None:
    recorded(tmp_path, 60)

    async def act(pilot, screen) -> None:
        await pilot.click(RunList, offset=(20, 4))
        assert screen._pages.cursor == 3
        screen.list.on_mouse_scroll_down()
        assert screen._pages.cursor == 6

    opened(act)


def test_two_are_compared(opened, session, tmp_path) -> None:
    runs = recorded(tmp_path, 4)

    async def act(pilot, screen) -> None:
        await pilot.press("d")
        assert "Space selects" in head(screen)
        await pilot.press("space", "space", "space", "d")
        await until(pilot, lambda: ("compare", runs[1], runs[2]) in session.calls)

    opened(act)


def test_words_and_conditions_find_runs(opened, tmp_path) -> None:
    runs = recorded(tmp_path, 3)

    async def act(pilot, screen) -> None:
        await pilot.press("slash")
        screen.line.load("outcome:finished july")
        await until(pilot, lambda: screen._page is not None and not screen._page.unread and screen._pages.total == 3)
        assert listed(screen) == runs
        screen.line.load("july nowhere")
        await until(pilot, lambda: screen._page is not None and screen._pages.total == 0)
        screen.line.load("cost>much")
        await until(pilot, lambda: "no sum of dollars" in head(screen))
        await pilot.press("ctrl+u", "enter")
        await until(pilot, lambda: screen._pages.total == 3)
        assert screen.focused is screen.list

    opened(act)


def test_a_run_is_marked_deleted_and_brought_back(opened, tmp_path) -> None:
    runs = recorded(tmp_path, 3)

    async def act(pilot, screen) -> None:
        await pilot.press("m")
        await until(pilot, lambda: screen._pages.current.marked)
        await pilot.press("x")
        await until(pilot, lambda: "is marked" in head(screen))
        await pilot.press("m")
        await until(pilot, lambda: not screen._pages.current.marked)
        await pilot.press("x")
        await until(pilot, lambda: listed(screen) == runs[1:])
        assert "u brings it back" in head(screen)
        await pilot.press("x")
        await until(pilot, lambda: listed(screen) == runs[2:])
        await pilot.press("u")
        await until(pilot, lambda: listed(screen) == runs[1:])
        await pilot.press("u")
        await until(pilot, lambda: listed(screen) == runs)
        await pilot.press("u")
        assert "nothing was deleted" in head(screen)

    opened(act)


def test_what_another_hive_does_is_seen(opened, tmp_path) -> None:
    runs = recorded(tmp_path, 2)

    async def act(pilot, screen) -> None:
        shutil.rmtree(tmp_path / "data" / "runs" / runs[0])
        await until(pilot, lambda: listed(screen) == runs[1:])

    opened(act)


def test_a_dead_core_is_said(opened, tmp_path) -> None:
    recorded(tmp_path, 1)

    async def act(pilot, screen) -> None:
        screen._query = lambda _command, tell: tell(None)
        await pilot.press("x")
        await until(pilot, lambda: "core process died" in head(screen))
        assert listed(screen)

    opened(act)


def test_a_long_list_is_walked_from_end_to_end(opened, tmp_path) -> None:
    runs = recorded(tmp_path, 120)

    async def act(pilot, screen) -> None:
        await until(pilot, lambda: screen._pages.total == 120)
        await pilot.press("end")
        await until(pilot, lambda: screen._pages.current is not None)
        assert screen._pages.current.summary.run == runs[-1]
        await pilot.press("pageup", "pageup", "home")
        await until(pilot, lambda: screen._pages.current is not None)
        assert screen._pages.current.summary.run == runs[0]

    opened(act)


# Pictures


@pytest.fixture
def utc(monkeypatch) -> Iterator[None]:
    with monkeypatch.context() as context:
        context.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


QUESTIONS = (
    "How many days are there from 4 July 2025 to 1 January 2027?",
    "Why is the sky blue, and why is it not violet?",
    "Compare three ways to store events: a log, a table, a queue. Which one loses least when the power goes?",
    "What is 17% of 240?",
    "日本語の質問: 雨はなぜ降るのか。",
)
OUTCOMES = ("finished", "running", "errored", "cancelled", "finished", "timed_out", "unfinished", "unreadable")


def answered(count: int) -> Callable[[Command, Callable[[Reply | None], None]], None]:
    from hive_tui.core.run_commands import ListRuns, RunRow, RunsPage
    from hive_tui.recording.summary import Summary

    def row(number: int, text: str) -> RunRow:
        outcome = OUTCOMES[number % len(OUTCOMES)]
        known = outcome not in ("running", "unreadable")
        summary = Summary(
            run=run_id(1_790_000_000_000 - 3_600_000 * number, bytes([number % 256] * 10)),
            seq=163,
            wall_ns=(1_790_000_000 - 3600 * number) * 10**9,
            question="" if outcome == "unreadable" else QUESTIONS[number % len(QUESTIONS)],
            plan="single" if number % 3 else "pipeline",
            profile="default",
            simulated=number % 4 == 0,
            outcome=outcome,
            decision="curator" if outcome == "finished" else None,
            duration_ns=(number * 7919 % 61_000) * 10**6,
            cost_usd=f"{number * 0.00137:.5f}" if known else None,
            models=("sim/atlas", "sim/birch"),
            chunks=138 + number,
            answer_size=369,
        )
        return RunRow(
            summary,
            marked=number in (2, 5),
            live=outcome == "running",
            size=6519 + number,
            depth=int(number in (3, 4)),
            parent=run_id(1_789_992_800_000, bytes([2] * 10)) if number in (3, 4) else "",
            fault="the file header's checksum is wrong" if outcome == "unreadable" else "",
            answer="There are 546 days from 4 July 2025 to 1 January 2027. " * 4,
            found="it is \x02blue\x03 because air scatters short waves more" if text else "",
        )

    def query(command: Command, tell: Callable[[Reply | None], None]) -> None:
        if isinstance(command, ListRuns):
            numbers = range(command.first, min(command.first + command.limit, count))
            rows = tuple(row(number, command.text) for number in numbers)
            tell(RunsPage(rows, command.first, count, unread=120 if command.text else 0))

    return query


async def seen(pilot: Pilot[object], keys: tuple[str, ...]) -> None:
    await pilot.pause()
    await pilot.press("f7")
    await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen) and pilot.app.screen._page is not None)
    await pilot.press(*keys)
    screen = pilot.app.screen
    finding = keys[-1] == "slash"
    at = keys.count("down") + keys.count("space")
    await until(pilot, lambda: screen._page is not None and screen._pages.cursor == at)
    await until(pilot, lambda: screen.focused is (screen.line if finding else screen.list))
    screen._update()
    await pilot.pause()
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES, ids=[f"{w}x{h}" for w, h in SIZES])
@pytest.mark.parametrize(
    "keys",
    [("down", "down", "space"), ("slash", *"blue", "enter", "down"), ("slash",)],
    ids=["list", "found", "find"],
)
@pytest.mark.usefixtures("utc")
def test_picture(snap_compare, make_app, session, size, keys) -> None:
    session.query = answered(10_000)
    assert snap_compare(make_app(), terminal_size=size, run_before=partial(seen, keys=keys))


@pytest.mark.parametrize("size", [(20, 6), (12, 4), (5, 3), (1, 1)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_size_can_be_used(opened, session, tmp_path, size) -> None:
    runs = recorded(tmp_path, 3)

    async def act(pilot, screen) -> None:
        await pilot.press("down", "slash", "a", "backspace", "enter", "down", "space", "t", "pageup", "end", "enter")
        await until(pilot, lambda: any(call[0] == "open" for call in session.calls))
        assert session.calls[-1][1] in runs
        assert pilot.app.screen is not screen

    opened(act, size)
