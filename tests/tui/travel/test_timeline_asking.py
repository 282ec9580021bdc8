"""The core is asked for the timeline at once for another stretch, seldom for what grows, once at the end."""

from __future__ import annotations

from hive_tui.core.commands import Refused, TimelineLanes, TimelineOf
from hive_tui.events import ErrorInfo
from hive_tui.tui.travel.timeline_asking import TimelineAsking
from hive_tui.tui.widgets.timeline import Asked

WHOLE, PART = Asked(0, None, 200), Asked(10, 20, 200)


class Bench:
    def __init__(self) -> None:
        self.now = 100.0
        self.asked: list[TimelineLanes] = []
        self.said: list[str] = []
        self._tell = None
        self.asking = TimelineAsking(self._query, lambda: self.now, self.said.append)

    def _query(self, command, tell) -> None:
        assert self._tell is None, "one question at a time"
        self.asked.append(command)
        self._tell = tell

    def answer(self, reply=None) -> TimelineOf:
        reply = reply or TimelineOf("01J", len(self.asked), 0, 1, ())
        tell, self._tell = self._tell, None
        tell(reply)
        return reply


def test_what_grows_is_asked_for_once_a_second() -> None:
    bench = Bench()
    assert bench.asking.look("01J", False, WHOLE) is None
    assert bench.asked == [TimelineLanes("01J", 0, None, 200)]
    assert bench.asking.look("01J", False, WHOLE) is None
    known = bench.answer()
    bench.now += 0.9
    assert bench.asking.look("01J", False, WHOLE) is known
    assert len(bench.asked) == 1
    bench.now += 0.2
    bench.asking.look("01J", False, WHOLE)
    assert len(bench.asked) == 2


def test_a_slow_core_is_asked_less_often() -> None:
    bench = Bench()
    bench.asking.look("01J", False, WHOLE)
    bench.now += 0.5
    bench.answer()
    bench.now += 4.9
    bench.asking.look("01J", False, WHOLE)
    assert len(bench.asked) == 1
    bench.now += 0.2
    bench.asking.look("01J", False, WHOLE)
    assert len(bench.asked) == 2


def test_another_stretch_is_asked_for_at_once_and_only_the_newest() -> None:
    bench = Bench()
    bench.asking.look("01J", False, WHOLE)
    bench.asking.look("01J", False, Asked(3, 9, 200))
    bench.asking.look("01J", False, PART)
    known = bench.answer()
    assert bench.asking.look("01J", False, PART) is known, "what is known stays until the answer comes"
    assert bench.asked[-1] == TimelineLanes("01J", 10, 20, 200)
    assert len(bench.asked) == 2


def test_a_run_that_is_over_is_asked_for_once_more() -> None:
    bench = Bench()
    bench.asking.look("01J", False, WHOLE)
    bench.asking.look("01J", True, WHOLE)
    bench.answer()
    bench.asking.look("01J", True, WHOLE)
    assert len(bench.asked) == 2, "what was on its way was asked before the end"
    bench.answer()
    bench.now += 1000
    bench.asking.look("01J", True, WHOLE)
    assert len(bench.asked) == 2
    bench.asking.again()
    bench.asking.look("01J", True, WHOLE)
    assert len(bench.asked) == 3, "a marker was set"


def test_another_run_begins_anew_and_old_answers_are_dropped() -> None:
    bench = Bench()
    bench.asking.look("01J", False, WHOLE)
    tell, bench._tell = bench._tell, None
    assert bench.asking.look("01K", False, WHOLE) is None
    tell(TimelineOf("01J", 1, 0, 1, ()))
    assert bench.asking.known is None
    assert bench.asked[-1].run == "01K"
    bench.answer()
    assert bench.asking.known is not None


def test_a_refusal_is_said_once_and_keeps_what_is_known() -> None:
    bench = Bench()
    bench.asking.look("01J", False, WHOLE)
    known = bench.answer()
    bench.now += 2
    bench.asking.look("01J", False, WHOLE)
    bench.answer(Refused(ErrorInfo("recording", "gone")))
    bench.now += 100
    assert bench.asking.look("01J", False, WHOLE) is known
    assert bench.said == ["no timeline: gone"]
    assert len(bench.asked) == 2


def test_a_core_that_died_is_asked_again_when_another_may_be_there() -> None:
    bench = Bench()
    bench.asking.look("01J", True, WHOLE)
    tell, bench._tell = bench._tell, None
    tell(None)
    bench.asking.look("01J", True, WHOLE)
    assert len(bench.asked) == 1
    bench.now += 1.1
    bench.asking.look("01J", True, WHOLE)
    assert len(bench.asked) == 2
    assert bench.said == []


def test_markers_that_cannot_be_read_are_said_once() -> None:
    bench = Bench()
    for _ in range(3):
        bench.asking.look("01J", False, WHOLE)
        bench.answer(TimelineOf("01J", 1, 0, 1, (), problem="no markers: damaged"))
        bench.now += 10
    assert bench.said == ["no markers: damaged"]


def test_without_a_run_nothing_is_asked() -> None:
    bench = Bench()
    assert bench.asking.look("", False, WHOLE) is None
    assert bench.asked == []
