"""What is chosen on the screen holds for the next run, whatever the command line said."""

from pathlib import Path

import pytest

from hive_tui.config.options import RunOptions
from hive_tui.config.paths import paths
from hive_tui.tui.next_run import NextRun, setup_of
from hive_tui.tui.session import StageChoice

CHOICE = StageChoice("other", ("spare",), 0.25)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVE_HOME", str(tmp_path))


@pytest.mark.parametrize(
    "options",
    [
        RunOptions(),
        RunOptions(model="named"),
        RunOptions(stage_models=(("refiner", "named"),)),
        RunOptions(endpoint="http://127.0.0.1:1/v1", model="named"),
    ],
    ids=["nothing-said", "model", "model-of-the-stage", "endpoint"],
)
def test_a_choice_goes_before_the_command_line(options: RunOptions) -> None:
    next_run = NextRun(options, paths())
    before = setup_of(next_run.request("?")).stages
    where = next_run.save("refiner", CHOICE)
    assert 'model = "other"' in Path(where).read_text()
    after = setup_of(next_run.request("?")).stages
    assert after == {**before, "refiner": CHOICE}


def test_the_profiles_file_speaks_where_the_command_line_said_nothing() -> None:
    next_run = NextRun(RunOptions(model="named", stage_models=()), paths())
    quiet = NextRun(RunOptions(), paths())
    where = quiet.save("refiner", CHOICE)
    Path(where).write_text('[stages.refiner]\nmodel = "edited"\n')
    assert quiet.request("?").stages["refiner"].model == "edited"
    assert next_run.request("?").stages["refiner"].model == "named"


def test_an_endpoint_of_the_command_line_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """An offer that could be taken would change nothing: the command line's endpoint is asked all the same."""
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-v1-fake")
    assert NextRun(RunOptions(), paths()).keys_found()
    assert not NextRun(RunOptions(), paths()).endpoint_chosen()
    assert NextRun(RunOptions(endpoint="http://127.0.0.1:1/v1", model="m"), paths()).endpoint_chosen()
