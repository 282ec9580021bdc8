"""Travelling: at any moment the screen is given the fold of what had happened by then, and the present goes on."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hive_tui.recording.keyframes as keyframes_module
import hive_tui.recording.writer as writer_module
from hive_tui import wire
from hive_tui.events import Record
from hive_tui.recording.folder import LOG
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.navigation.walker import Place
from hive_tui.recording.writer import LogWriter
from hive_tui.state import fold_all
from hive_tui.tui.travel.session import GROWTH_NS, TravellingSession
from tests.test_state import runs as random_runs
from tests.tui.conftest import ScriptedSession, whole_run

SECOND = 1_000_000_000
RUN = "01k9a7c2-4f6e"


def live_run() -> list[Record]:
    """As far as a run has come."""
    return whole_run()[:150]


class Log:
    """A recording that grows when it is told to."""

    def __init__(self, folder: Path, records: list[Record], *, over: bool = True) -> None:
        self.folder = folder
        self._log = LogWriter(folder, LogHeader(RUN, 1), lambda job: job())
        self.add(records)
        if over:
            self._log.finish()

    def add(self, records: list[Record]) -> None:
        for start in range(0, len(records), 3):
            batch = records[start : start + 3]
            span = Span(len(batch), batch[0].seq, batch[-1].seq, batch[0].time_ns, batch[-1].time_ns)
            self._log.append(b"".join(map(wire.encode, batch)), span)

    def finish(self) -> None:
        self._log.finish()


class Viewer:
    """A travelling session on a clock that stands still until it is told otherwise."""

    def __init__(self, root: Path, present: list[Record] | None = None) -> None:
        self.inner = ScriptedSession()
        self.now = 0
        self.session = TravellingSession(self.inner, root, lambda: self.now)
        self.session.start(lambda: None)
        if present:
            self.inner.play(present)
        self.session.drain()

    def after(self, ns: int):
        self.now += ns
        return self.session.drain()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a few records, and keyframes between them."""
    monkeypatch.setattr(writer_module, "BLOCK_SIZE", 300)
    monkeypatch.setattr(keyframes_module, "EVERY_RECORDS", 2)


STEPS = st.one_of(
    st.tuples(st.just("time"), st.integers(0, 40_000)),
    st.tuples(st.just("place"), st.integers(0, 40)),
    st.tuples(st.just("ns"), st.integers(-20_000, 20_000)),
    st.tuples(st.just("events"), st.integers(-9, 9)),
    st.tuples(st.just("chunks"), st.integers(-3, 3)),
    st.tuples(st.just("percent"), st.integers(0, 100)),
    st.tuples(st.just("end"), st.just(0)),
)


@given(random_runs(), st.booleans(), st.lists(STEPS, max_size=12))
@settings(max_examples=60, deadline=None)
def test_wherever_one_goes_the_state_is_the_fold_up_to_there(
    records: list[Record], over: bool, steps: list[tuple[str, int]]
) -> None:
    if not records:
        return
    with tempfile.TemporaryDirectory() as root:
        log = Log(Path(root) / "runs" / RUN, records, over=over)
        viewer = Viewer(Path(root) / "elsewhere")
        session = viewer.session
        assert session.open_run(str(log.folder)) == ""
        for what, by in steps:
            if what == "time":
                session.seek(by)
            elif what == "place":
                session.seek(Place(by))
            elif what == "percent":
                session.percent(by)
            elif what == "end":
                session.present()
            else:
                session.move(**{what: by})
            state = viewer.after(1)
            seq, chunks = session.here
            assert 1 <= seq <= len(records)
            if not chunks:
                assert state == fold_all(records[:seq])
            if what == "time":
                assert seq == max(1, sum(record.time_ns <= by for record in records))
            elif what == "place":
                assert seq == min(max(1, by), len(records))
            elif what == "end":
                assert seq == len(records)
        session.close()


@pytest.fixture
def live(tmp_path: Path) -> Viewer:
    viewer = Viewer(tmp_path, live_run())
    viewer.log = Log(tmp_path / RUN, live_run(), over=False)
    return viewer


def test_rewound_the_present_goes_on_and_one_can_return_to_it(live: Viewer) -> None:
    session, end = live.session, live_run()[-1].time_ns
    session.move(ns=-end // 2)
    state = live.after(1)
    assert session.past
    assert state.time_ns <= end - end // 2
    rest = whole_run()[len(live_run()) :]
    live.inner.play(rest)
    live.log.add(rest)
    assert live.after(GROWTH_NS) == state, "what is looked at stays"
    assert session.present_state.outcome is not None
    assert session.end_ns == rest[-1].time_ns
    session.present()
    assert live.after(1) is session.present_state
    assert not session.past


def test_the_moment_of_the_person_is_the_newest_one_at_the_newest_event(live: Viewer) -> None:
    live.session.move(ns=-SECOND)
    live.after(1)
    live.session.move(ns=5 * SECOND)
    assert live.after(1) is live.session.present_state
    assert not live.session.past


def test_of_each_past_moment_the_rate_is_known_and_of_the_present_the_session_tells_none(live: Viewer) -> None:
    assert live.session.rate is None
    live.session.percent(0)
    live.after(1)
    assert live.session.rate == 0, "nothing had come in the second before"
    live.session.percent(90)
    live.after(1)
    assert live.session.rate is not None
    assert live.session.rate > 0


def test_space_stops_a_live_run_at_its_moment_and_plays_from_there(live: Viewer) -> None:
    session = live.session
    session.toggle()
    live.after(1)
    assert session.past
    at = session.now_ns()
    live.after(3 * SECOND)
    assert session.now_ns() == at
    session.move(ns=-at // 2)
    live.after(1)
    session.toggle()
    start = session.now_ns()
    live.after(start // 4)
    assert session.now_ns() == start + start // 4
    session.shuttle(-1)
    live.after(start // 4)
    assert session.now_ns() == start
    session.change_speed(3)
    live.after(start)
    assert session.now_ns() == 0
    assert session.direction == 0, "at the start it stands"


def test_at_64_times_it_comes_to_the_end_and_is_the_present(tmp_path: Path) -> None:
    viewer = Viewer(tmp_path, whole_run())
    Log(tmp_path / RUN, whole_run())
    session, length = viewer.session, whole_run()[-1].time_ns
    session.change_speed(20)
    assert session.speed == 64
    session.toggle()
    viewer.after(1)
    assert session.past
    frame = length // 64 // 10
    for frames in range(1, 10):
        viewer.after(frame)
        assert abs(session.now_ns() - frames * frame * 64) < 200
    viewer.after(2 * frame)
    assert not session.past


def test_steps_are_events_and_chunks_and_stop_what_plays(tmp_path: Path) -> None:
    viewer = Viewer(tmp_path, whole_run())
    Log(tmp_path / RUN, whole_run())
    session = viewer.session
    session.percent(50)
    viewer.after(1)
    seq = session.here[0]
    session.toggle()
    session.move(events=-1)
    session.move(events=-1)
    viewer.after(1)
    assert session.here == (seq - 2, 0)
    assert session.direction == 0
    session.move(chunks=1)
    viewer.after(1)
    assert session.here == (seq - 1, 0), "each of these events has one chunk"
    assert session.now_ns() == whole_run()[seq - 2].time_ns


def test_another_run_is_opened_stands_at_its_end_and_follows_it_while_it_grows(tmp_path: Path) -> None:
    viewer = Viewer(tmp_path / "runs")
    log = Log(tmp_path / "other" / RUN, live_run(), over=False)
    session = viewer.session
    assert session.open_run(str(log.folder)) == ""
    assert viewer.after(1) == fold_all(live_run())
    assert session.foreign
    assert not session.past
    assert session.growing
    assert session.run_name == str(log.folder)
    log.add(whole_run()[len(live_run()) :])
    log.finish()
    assert viewer.after(GROWTH_NS) == fold_all(whole_run())
    assert not session.growing
    session.ask("another question")
    assert not session.foreign
    assert ("ask", "another question") in viewer.inner.calls


@pytest.mark.parametrize("harm", ["removed", "damaged"])
def test_a_recording_that_is_harmed_while_one_looks_is_said_and_what_is_shown_stays(tmp_path: Path, harm: str) -> None:
    viewer = Viewer(tmp_path / "runs")
    log = Log(tmp_path / "runs" / RUN, whole_run())
    session = viewer.session
    assert session.open_run(RUN, Place(250)) == ""
    shown = viewer.after(1)
    assert shown == fold_all(whole_run()[:250])
    if harm == "removed":
        shutil.rmtree(log.folder)
        assert viewer.after(GROWTH_NS) is shown
        assert "removed" in session.fault
        return
    data = bytearray((log.folder / LOG).read_bytes())
    data[200 : len(data) // 2] = bytes(len(data) // 2 - 200)
    (log.folder / LOG).write_bytes(data)
    session.seek(Place(100))
    assert viewer.after(1) is shown
    assert "damaged" in session.fault
    session.seek(Place(len(whole_run()) - 3))
    assert viewer.after(1).seq == len(whole_run()) - 3
    assert session.fault == ""


def test_a_run_that_cannot_be_read_is_not_opened_and_what_was_shown_stays(tmp_path: Path) -> None:
    viewer = Viewer(tmp_path)
    session = viewer.session
    Log(tmp_path / "sound", whole_run())
    damaged = Log(tmp_path / "damaged", whole_run())
    data = bytearray((damaged.folder / LOG).read_bytes())
    data[200 : len(data) // 2] = bytes(len(data) // 2 - 200)
    (damaged.folder / LOG).write_bytes(data)
    assert "damaged" in session.open_run("damaged", Place(100))
    assert not session.has_recording
    assert viewer.after(1) is session.present_state
    assert session.open_run("sound", Place(50)) == ""
    assert "damaged" in session.open_run("damaged", Place(100))
    assert viewer.after(1) == fold_all(whole_run()[:50])
    assert session.foreign
    assert session.past
    assert session.fault == ""


def test_the_core_is_asked_about_the_folder_that_is_shown_and_not_about_another_with_its_id(tmp_path: Path) -> None:
    viewer = Viewer(tmp_path)
    Log(tmp_path / RUN, whole_run())
    shutil.copytree(tmp_path / RUN, tmp_path / "a-copy")
    assert viewer.session.open_run(RUN) == ""
    assert viewer.session.run_name == RUN
    assert viewer.session.open_run("a-copy") == ""
    assert viewer.session.run_name == str(tmp_path / "a-copy")


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    viewer = Viewer(tmp_path)
    session = viewer.session
    assert "no recording" in session.open_run("01nothing")
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / LOG).write_bytes(b"this is no log")
    assert session.open_run("odd") != ""
    session.move(ns=-1)
    assert viewer.after(1) is session.present_state
    assert session.notices() == ["there is no run yet"]
    viewer.inner.play(live_run())
    viewer.after(1)
    session.move(ns=-1)
    assert session.notices() == ["no going back: there is no recording of this run"]
