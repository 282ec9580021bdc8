"""Break points: the nearest of several conditions, one search at a time, and where playing stops."""

from __future__ import annotations

import pytest

from hive_tui.core.commands import FindPlace, PlaceFound, Refused, Reply
from hive_tui.events import ErrorInfo
from hive_tui.tui.travel.break_points import BreakPoints, Met, find_nearest

NONE = Refused(ErrorInfo("place", "none after this place"))


class Core:
    """Answers when it is told to, with what stands for a condition."""

    def __init__(self, answers: dict[str, Reply | None]) -> None:
        self.answers = answers
        self.asked: list[FindPlace] = []
        self._waiting: list[object] = []

    def query(self, command, tell) -> None:
        self.asked.append(command)
        self._waiting.append((command, tell))

    def answer(self) -> None:
        """All that is asked, and what is asked because of that."""
        while self._waiting:
            command, tell = self._waiting.pop(0)
            tell(self.answers[command.where.removeprefix("break:")])


def at(seq: int, chunks: int = 0) -> PlaceFound:
    return PlaceFound(seq, chunks, seq * 10)


@pytest.mark.parametrize(
    ("answers", "backwards", "met"),
    [
        ({"finish": at(9), "retry": at(4)}, False, Met(at(4), "retry")),
        ({"finish": at(9), "retry": at(4)}, True, Met(at(9), "finish")),
        ({"finish": at(4, 2), "retry": at(4)}, False, Met(at(4), "retry")),
        ({"finish": NONE, "retry": at(4)}, False, Met(at(4), "retry")),
        ({"finish": NONE, "retry": NONE}, False, Met(None)),
        ({"finish": at(4), "retry": None}, False, Met(None, "retry", "the core died")),
        ({"finish": Refused(ErrorInfo("recording", "gone")), "retry": at(4)}, False, Met(None, "finish", "gone")),
    ],
)
def test_the_nearest_of_the_conditions(answers: dict[str, Reply | None], backwards: bool, met: Met) -> None:
    core, told = Core(answers), []
    find_nearest(core.query, "01J", tuple(answers), (5, 1), backwards, told.append)
    assert len(core.asked) == 1, "one search at a time: the core goes on with the newest only"
    core.answer()
    assert told == [met]
    assert core.asked[0] == FindPlace("01J", "break:finish", 5, 1, backwards)


def breaks(core: Core) -> tuple[BreakPoints, list[str]]:
    said: list[str] = []
    found = BreakPoints(core.query, said.append)
    found.set(["finish"])
    return found, said


def test_the_stop_ahead_is_asked_for_once() -> None:
    core = Core({"finish": at(20)})
    found, _ = breaks(core)
    assert found.stop_ahead("01J", (1, 0), 1) is None
    assert found.stop_ahead("01J", (2, 0), 1) is None
    core.answer()
    assert found.stop_ahead("01J", (3, 0), 1) == Met(at(20), "finish")
    assert found.stop_ahead("01J", (25, 0), 1) == Met(at(20), "finish"), "what was passed meanwhile is gone back to"
    assert len(core.asked) == 1
    found.forget()
    assert found.stop_ahead("01J", (20, 0), 1) is None
    assert core.asked[-1] == FindPlace("01J", "break:finish", 20, 0, False)


def test_another_direction_or_run_asks_anew_and_late_answers_are_dropped() -> None:
    core = Core({"finish": at(20)})
    found, _ = breaks(core)
    found.stop_ahead("01J", (30, 0), 1)
    found.stop_ahead("01J", (30, 0), -1)
    assert [each.backwards for each in core.asked] == [False, True]
    core.answers["finish"] = at(7)
    core.answer()
    assert found.stop_ahead("01J", (30, 0), -1) == Met(at(7), "finish")
    assert found.stop_ahead("01K", (30, 0), -1) is None
    assert core.asked[-1].run == "01K"


def test_a_run_that_grows_is_looked_through_again() -> None:
    core = Core({"finish": NONE})
    found, said = breaks(core)
    found.stop_ahead("01J", (1, 0), 1)
    core.answer()
    assert found.stop_ahead("01J", (5, 0), 1) is None
    assert len(core.asked) == 1
    found.stop_ahead("01J", (6, 0), 1, grown=True)
    assert core.asked[-1].seq == 6
    assert said == []


def test_why_nothing_can_be_found_is_said_once() -> None:
    core = Core({"finish": None})
    found, said = breaks(core)
    found.stop_ahead("01J", (1, 0), 1)
    core.answer()
    assert found.stop_ahead("01J", (2, 0), 1, grown=True) is None
    assert said == ["finish: the core died"]
    assert len(core.asked) == 1


def test_without_conditions_or_standing_nothing_is_asked() -> None:
    core = Core({})
    found, _ = breaks(core)
    assert found.stop_ahead("01J", (1, 0), 0) is None
    found.set([])
    assert found.stop_ahead("01J", (1, 0), 1) is None
    assert core.asked == []


def test_a_condition_is_kept_once() -> None:
    found, _ = breaks(Core({}))
    found.set(["retry", "finish", "retry"])
    assert found.conditions == ("retry", "finish")
