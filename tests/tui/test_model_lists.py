"""What the settings are told of an endpoint's models: the kept list first, then what the endpoint says."""

import asyncio

import pytest

from hive_tui.config.request import EndpointSpec
from hive_tui.core.commands import ListModels, Models, Refused, Reply
from hive_tui.events import ErrorInfo
from hive_tui.tui.model_lists import tell_models
from hive_tui.tui.session import ModelList

SPEC = EndpointSpec("here", "http://localhost:1/v1", "openai")
DOWN = Refused(ErrorInfo("connect", "connection refused", advice="is the server up?"))


def told(kept: Reply | None, fresh: Reply | None = None) -> tuple[list[ModelList], list[bool]]:
    answers = [kept, fresh]
    asked: list[ListModels] = []

    async def ask(command: ListModels) -> Reply | None:
        asked.append(command)
        return answers[len(asked) - 1]

    heard: list[ModelList] = []
    asyncio.run(tell_models(ask, SPEC, heard.append))
    assert {command.endpoint for command in asked} == {SPEC}
    return heard, [command.kept for command in asked]


def test_a_fresh_list_on_disk_is_enough() -> None:
    assert told(Models(("a", "b"))) == ([ModelList(("a", "b"), "2 models of here")], [True])


def test_an_old_list_serves_until_the_fresh_one_is_there() -> None:
    heard, kept = told(Models(("a",), stale=True), Models(("a", "b")))
    assert kept == [True, False]
    assert heard == [
        ModelList(("a",), "asking here for its models"),
        ModelList(("a", "b"), "2 models of here"),
    ]


@pytest.mark.parametrize(
    ("fresh", "last"),
    [
        (DOWN, ModelList(("a",), "no list from here: connection refused · is the server up?", failed=True)),
        (None, ModelList(("a",), "no list of models: the core process died", failed=True)),
        (
            Models(("a",), stale=True, problem="connection refused"),
            ModelList(("a",), "1 model of here as of old · connection refused"),
        ),
    ],
)
def test_where_the_endpoint_cannot_be_asked_the_old_list_stays(fresh: Reply | None, last: ModelList) -> None:
    heard, _ = told(Models(("a",), stale=True), fresh)
    assert heard[-1] == last


def test_names_that_cannot_be_shown_are_not_offered() -> None:
    heard, _ = told(Models(("fine", "esc\x1b[2J", "", "x" * 300, "new\nline")))
    assert heard[0].names == ("fine",)
