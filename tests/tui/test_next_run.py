"""The run after a run: nothing of the one before is left in the panes, however fast it came."""

import asyncio

import msgspec


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
