"""Whatever breaks in the screen, the terminal comes back and a report without anyone's text is left."""

import asyncio
import stat
from pathlib import Path

import pytest

SECRET = "sk-or-v1-0123456789abcdef"


def broken_at(app, where: str) -> None:
    def fail(*_args: object) -> None:
        question = f"my private question {SECRET}"
        raise RuntimeError(question)

    if where == "frame":
        app.session.drain = fail
    elif where == "key":
        app.session.warm = fail
    else:
        app._council._gauges.render_line = fail


@pytest.mark.parametrize("where", ["frame", "key", "paint"])
def test_a_report_names_places_and_no_words(make_app, where: str, tmp_path: Path) -> None:
    app = make_app()

    async def run() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            broken_at(app, where)
            await pilot.press("x")
            app.frames.wake()
            app._council._gauges.refresh()
            await pilot.pause(0.3)

    with pytest.raises(Exception, match="private question"):
        asyncio.run(run())
    assert app.return_code == 1
    assert app.crash_report is not None
    assert app.crash_report.is_relative_to(tmp_path)
    assert stat.S_IMODE(app.crash_report.stat().st_mode) == 0o600
    report = app.crash_report.read_text()
    assert "builtins.RuntimeError" in report
    assert "in fail" in report
    assert "terminal 80x24" in report
    assert SECRET not in report
    assert "private" not in report


def test_an_unwritable_folder_is_said(make_app, tmp_path: Path) -> None:
    app = make_app()
    (tmp_path / "state").mkdir(exist_ok=True)
    (tmp_path / "state" / "crashes").write_text("in the way")

    async def run() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            broken_at(app, "key")
            await pilot.press("x")
            await pilot.pause(0.2)

    with pytest.raises(RuntimeError):
        asyncio.run(run())
    assert app.crash_report is None
    assert "no report" in app.crash_fault
