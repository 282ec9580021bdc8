"""The core is asked for lanes at most once a second, once more at the end, and what comes too late is dropped."""

from hive_tui.tui.lane_asking import LaneAsking
from hive_tui.tui.session import Lanes

OLD, NEW = Lanes({1: (1,)}, 1), Lanes({1: (1, 2)}, 2)


def test_one_question_at_a_time_and_one_a_second() -> None:
    asking = LaneAsking()
    assert asking.due("a", False, 10.0)
    assert not asking.due("a", False, 15.0), "the first was not answered yet"
    asking.answered("a", OLD, 10.01)
    assert asking.known is OLD
    assert not asking.due("a", False, 10.9)
    assert asking.due("a", False, 11.0)


def test_a_slow_core_is_asked_less_often() -> None:
    asking = LaneAsking()
    assert asking.due("a", False, 0.0)
    asking.answered("a", OLD, 0.5)
    assert not asking.due("a", False, 4.9)
    assert asking.due("a", False, 5.0)


def test_the_end_is_asked_for_once_and_not_waited_for() -> None:
    asking = LaneAsking()
    assert asking.due("a", False, 0.0)
    assert not asking.due("a", True, 0.1), "what is on its way was asked before the end"
    asking.answered("a", OLD, 0.2)
    assert asking.due("a", True, 0.3)
    asking.answered("a", NEW, 0.4)
    assert asking.known is NEW
    assert not asking.due("a", True, 1000.0)


def test_a_refusal_keeps_what_is_known_and_is_not_asked_for_again() -> None:
    asking = LaneAsking()
    assert asking.due("a", False, 0.0)
    asking.answered("a", OLD, 0.1)
    assert asking.due("a", False, 1.0)
    asking.answered("a", None, 1.1)
    assert asking.known is OLD
    assert not asking.due("a", False, 2.5)


def test_an_answer_for_another_run_is_dropped() -> None:
    asking = LaneAsking()
    assert not asking.due("", False, 0.0)
    assert asking.due("a", False, 0.0)
    assert asking.due("b", False, 0.1)
    asking.answered("a", OLD, 0.2)
    assert asking.known is None
    asking.answered("b", NEW, 0.3)
    assert asking.known is NEW
    assert asking.due("a", True, 0.4)
    assert asking.known is None
