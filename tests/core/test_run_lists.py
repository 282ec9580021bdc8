"""The core's answers to the runs screen."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from hive_tui.config.paths import Paths, paths
from hive_tui.config.runid import run_id
from hive_tui.core import commands
from hive_tui.core.commands import Done, Refused, Reply
from hive_tui.core.run_commands import DeleteRun, ListRuns, MarkRun, Pruned, RestoreRun, RunCommand, RunsPage
from hive_tui.core.run_lists import RunLists
from hive_tui.wire import HEADER_SIZE

CORPUS = Path(__file__).parents[1] / "recordings" / "v1" / "01m82d1e7cmene0ec6xva36pn3"


@pytest.fixture
def here(tmp_path: Path) -> Paths:
    return paths({"HIVE_HOME": str(tmp_path)})


def recorded(here: Paths, count: int) -> list[str]:
    """Copies of one recording, each under an id of its own; the newest first."""
    names = [run_id(1_790_000_000_000 + number, bytes(10)) for number in range(count)]
    for name in names:
        shutil.copytree(CORPUS, Path(here.runs) / name)
    return names[::-1]


def asked(here: Paths, *questions: RunCommand) -> Sequence[Reply]:
    async def ask() -> list[Reply]:
        lists = RunLists(here)
        try:
            found = []
            for question in questions:
                crossed = commands.decode_command(commands.encode_command(question, 1)[HEADER_SIZE:])
                assert crossed == question
                found.append(await lists.answer(crossed))
            return found
        finally:
            await lists.close()

    return asyncio.run(ask())


def ids(reply: Reply) -> list[str]:
    assert isinstance(reply, RunsPage), reply
    return [row.summary.run for row in reply.rows]


def test_nothing_recorded(here) -> None:
    (page,) = asked(here, ListRuns())
    assert (ids(page), page.total, page.problem) == ([], 0, "")


def test_pages_and_search(here) -> None:
    runs = recorded(here, 5)
    first, second, beyond = asked(here, ListRuns(limit=2), ListRuns(first=2, limit=50), ListRuns(first=9))
    assert (ids(first), first.total) == (runs[:2], 5)
    assert (ids(second), second.first) == (runs[2:], 2)
    assert ids(beyond) == []


def test_texts_are_read_in_the_background_until_all_can_be_searched(here) -> None:
    runs = recorded(here, 3)

    async def search() -> RunsPage:
        lists = RunLists(here)
        while True:
            page = await lists.answer(ListRuns("july outcome:finished"))
            if not page.unread and not page.behind:
                await lists.close()
                return page
            await asyncio.sleep(0.01)

    page = asyncio.run(search())
    assert ids(page) == runs
    assert "\x02July\x03" in page.rows[0].found
    assert page.rows[0].answer


def test_marks_and_trash(here) -> None:
    newest, oldest = recorded(here, 2)
    marked, kept, page, unmarked, deleted, left, restored, all_again, again = asked(
        here,
        MarkRun(newest, True),
        DeleteRun(newest),
        ListRuns("is:marked"),
        MarkRun(newest, False),
        DeleteRun(newest),
        ListRuns(),
        RestoreRun(newest),
        ListRuns(),
        RestoreRun(newest),
    )
    assert marked == unmarked == deleted == restored == Done()
    assert isinstance(kept, Refused)
    assert "is marked" in kept.error.message
    assert (ids(page), page.rows[0].marked) == ([newest], True)
    assert ids(left) == [oldest]
    assert ids(all_again) == [newest, oldest]
    assert isinstance(again, Refused)


def test_what_is_no_filter_is_refused_in_words(here) -> None:
    (refused,) = asked(here, ListRuns("cost>much"))
    assert isinstance(refused, Refused)
    assert "no sum of dollars" in refused.error.message


def test_a_folder_that_cannot_be_written_is_named(here) -> None:
    (run,) = recorded(here, 1)
    (Path(here.runs) / ".trash").write_text("in the way")
    (refused,) = asked(here, DeleteRun(run))
    assert isinstance(refused, Refused)
    assert (refused.exit_code, ".trash" in refused.error.message) == (5, True)


def limit(here: Paths, runs: int) -> None:
    settings = Path(here.settings)
    settings.parent.mkdir(exist_ok=True)
    fresh = settings.with_suffix(".fresh")
    fresh.write_text(f"[retention]\nmax_runs = {runs}\n")
    fresh.replace(settings)


def test_limits_of_the_settings_are_kept_as_long_as_the_core_lives(here, tmp_path: Path) -> None:
    runs = recorded(here, 6)
    later = [(Path(here.runs) / run).rename(tmp_path / run) for run in runs[:2]]
    limit(here, 3)

    async def work() -> None:
        lists, told = RunLists(here), asyncio.Queue[Pruned]()
        keeping = asyncio.create_task(lists.keep_limits(told.put_nowait, 0.01))
        try:
            assert await told.get() == Pruned(1)
            for folder in later:
                folder.rename(Path(here.runs) / folder.name)
                assert await told.get() == Pruned(1)
            limit(here, -3)
            assert "settings.toml: retention.max_runs" in (await told.get()).problem
            limit(here, 2)
            assert await told.get() == Pruned(1), "what hinders is told once"
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await lists.close()

    asyncio.run(work())
    assert ids(asked(here, ListRuns())[0]) == runs[:2]
