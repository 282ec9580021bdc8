"""The settings of a stage: what is typed is saved, models are offered, and what is wrong is said beside its field."""

import msgspec
import pytest

from hive_tui.tui.session import ModelList, StageChoice
from hive_tui.tui.stage_settings import temperature_of


def status(screen) -> str:
    return "".join(text for text, _ in screen._status_line(160))


def test_a_stage_is_set_for_the_next_run(drive, session) -> None:
    async def act(pilot, screen) -> None:
        await pilot.press("tab", "tab", "s")
        await pilot.pause()
        await pilot.press("end", *"-x", "tab", *"a/b, c", "tab", "end", "backspace", "9", "enter")
        await pilot.pause()
        assert ("save", "refiner", StageChoice("sim/lyra-2-x", ("a/b", "c"), 0.9)) in session.calls
        assert "profiles/default.toml" in status(screen)

    drive(act)


def test_models_are_offered_while_one_is_typed(drive, session) -> None:
    async def act(pilot, _screen) -> None:
        assert ("models", "generator") not in session.calls
        await pilot.press("tab", "s")
        await pilot.pause()
        assert ("models", "generator") in session.calls
        editor = pilot.app.screen
        model, fallbacks = editor.query_one("#model"), editor.query_one("#fallbacks")
        await pilot.press("ctrl+u", *"atl", "down", "down", "up", "down", "tab")
        assert (model.value, editor.focused) == ("sim/atlas-mini", model)
        await pilot.press("tab", *"x/y, ", "down", "down", "enter")
        assert fallbacks.value == "x/y, sim/atlas-mini"
        assert pilot.app.screen is editor, "Enter took the marked model; it has not saved"
        await pilot.press(*", lyra", "down", "tab", "enter")
        await pilot.pause()
        saved = StageChoice("sim/atlas-mini", ("x/y", "sim/atlas-mini", "sim/lyra-2"), 0.7)
        assert ("save", "generator", saved) in session.calls

    drive(act)


def test_a_list_that_comes_late_or_never_stops_nobody(drive, session) -> None:
    session.models = ModelList(note="asking sim for its models")

    async def act(pilot, _screen) -> None:
        await pilot.press("tab", "s")
        await pilot.pause()
        note, offered = pilot.app.screen.query_one("#note"), pilot.app.screen.query_one("#offered")
        assert "asking" in str(note.render())
        session.tell(ModelList(("sim/atlas", "sim/birch"), "2 models of sim"))
        await pilot.press("ctrl+u", *"bir")
        assert "sim/birch" in str(offered.render())
        assert "sim/atlas" not in str(offered.render())
        session.tell(ModelList((), "no list from sim: connection refused", failed=True))
        await pilot.press("ctrl+u", *"any/model", "down", "enter")
        await pilot.pause()
        assert ("save", "generator", StageChoice("any/model", (), 0.7)) in session.calls
        session.tell(ModelList(("too", "late")))

    drive(act)


def test_what_is_wrong_is_said_beside_its_field_with_what_is_expected(drive, session) -> None:
    session.settings = msgspec.structs.replace(session.settings, hottest={"generator": 1.0})

    async def act(pilot, _screen) -> None:
        await pilot.press("tab", "s")
        await pilot.pause()
        editor = pilot.app.screen
        title = editor.query_one("#temperature-title")
        await pilot.press("shift+tab", "ctrl+u", *"1.5")
        assert "Temperature: expected 0 to 1, got '1.5'" in str(title.render())
        await pilot.press("shift+tab", "enter")
        assert editor.focused is editor.query_one("#temperature")
        assert not [call for call in session.calls if call[0] == "save"]
        await pilot.press("backspace", "backspace")
        assert "expected" not in str(title.render())
        await pilot.press("tab", "ctrl+u", "enter")
        assert "a stage needs a model" in str(editor.query_one("#model-title").render())
        assert pilot.app.screen is editor

    drive(act)


def test_a_wrong_temperature_is_refused_in_words() -> None:
    assert temperature_of(" ") is None
    assert temperature_of("1.5") == 1.5
    for wrong in ("hot", "-1", "2.5", "nan"):
        with pytest.raises(ValueError, match="expected 0 to 2"):
            temperature_of(wrong)
