"""The run after a run: nothing of the one before is left in the panes, however fast it came."""

import asyncio

import msgspec

from hive_tui.tui.session import Setup, StageChoice


def test_a_run_that_comes_in_one_piece_takes_the_place_of_the_one_before(make_app, session, runs) -> None:
    async def run() -> None:
        app = make_app()
        async with app.run_test(size=(160, 48)) as pilot:
            await pilot.pause()
            session.play(runs["whole"])
            await pilot.pause(0.1)
            panes = app._council.panes
            assert all(pane.body.display for pane in panes)
            session.played.clear()
            started, *rest = runs["live"]
            other = msgspec.structs.replace(started.event, run="another")
            session.play([msgspec.structs.replace(started, event=other), *rest])
            await pilot.pause(0.1)
            assert [pane.body.display for pane in panes] == [True, True, False, False]
            shown = panes[1].body.render_line(0).text
            assert "it lacks the numbers" in shown

    asyncio.run(run())


def test_before_a_run_there_are_as_many_panes_as_its_plan_has_stages(drive, session, runs) -> None:
    """Also when the first picture could not know."""
    whole, session.settings = session.settings, Setup("single", stages={"generator": StageChoice("sim/atlas-large")})

    async def act(pilot, screen) -> None:
        pilot.app.look()
        await pilot.pause()
        assert [pane.part in screen.geometry.parts for pane in screen.panes] == [True, False, False, False]
        session.settings = whole
        session.play(runs["whole"])
        for _ in range(2):
            pilot.app.frames.frame()
            await pilot.pause()
        for pane in screen.panes:
            assert pane.part in screen.geometry.parts
            assert any(pane.body.render_line(y).text.strip() for y in range(pane.body.size.height))

    drive(act)
