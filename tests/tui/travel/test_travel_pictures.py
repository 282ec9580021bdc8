"""Pictures of a screen that looks at another moment than now, each looked at by a person before it was accepted."""

import asyncio
from pathlib import Path

import pytest

from hive_tui.core.commands import TimelineLanes
from hive_tui.core.timelines import Timelines
from hive_tui.kernels.choose import Kernels
from hive_tui.recording.folder import LOG
from hive_tui.recording.navigation.walker import Place
from tests.tui.test_pictures import settle, sizes
from tests.tui.travel.test_session import RUN, Log, whole_run


@pytest.fixture
def record(session, tmp_path):
    """Records a run, and has the core's own answer ready for who asks for its lanes."""

    def make(records, *, over=True) -> Path:
        log = Log(tmp_path / "data" / "runs" / RUN, records, over=over)
        asked = TimelineLanes(RUN)
        session.answers[TimelineLanes] = asyncio.run(
            Timelines(log.folder.parent, Kernels(tmp_path / "cache", tmp_path / "rings")).lanes(asked)
        )
        assert (log.folder / LOG).exists()
        return log.folder

    return make


@sizes
def test_rewound(snap_compare, make_app, session, record, size):
    records = whole_run()[:150]
    record(records, over=False)

    async def rewind(pilot):
        await pilot.pause()
        session.play(records)
        await settle(pilot)
        await pilot.press("left", "6")
        await settle(pilot)
        await settle(pilot)

    assert snap_compare(make_app(), terminal_size=size, run_before=rewind)


@sizes
def test_opened(snap_compare, make_app, record, size):
    record(whole_run())

    async def open_it(pilot):
        await settle(pilot)
        await settle(pilot)

    assert snap_compare(make_app(opened=(RUN, Place(240))), terminal_size=size, run_before=open_it)


@sizes
def test_opened_at_its_end(snap_compare, make_app, record, size):
    record(whole_run())

    async def open_it(pilot):
        await settle(pilot)
        await settle(pilot)

    assert snap_compare(make_app(opened=(RUN, None)), terminal_size=size, run_before=open_it)
