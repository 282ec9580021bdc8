"""Pictures of the screen at three sizes, each looked at by a person before it was accepted."""

import pytest

SIZES = [(160, 48), (80, 24), (60, 20)]
sizes = pytest.mark.parametrize("size", SIZES, ids=[f"{w}x{h}" for w, h in SIZES])


async def settle(pilot):
    """Until what was played has been drawn."""
    app = pilot.app
    for _ in range(3):
        await pilot.pause(0.02)
        if app.frames is not None:
            app.frames.frame()
        app.look()
    await pilot.pause()


@sizes
def test_idle(snap_compare, make_app, size):
    assert snap_compare(make_app(), terminal_size=size, run_before=settle)


@sizes
@pytest.mark.parametrize("run", ["live", "whole", "failed"])
def test_run(snap_compare, make_app, session, runs, size, run):
    async def play(pilot):
        await pilot.pause()
        session.play(runs[run])
        await settle(pilot)

    assert snap_compare(make_app(), terminal_size=size, run_before=play)
