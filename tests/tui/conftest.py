"""A session that folds real records when it is told to, on a clock that stands still."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from hive_tui import wire
from hive_tui.config.paths import paths
from hive_tui.core.commands import Command, Reply
from hive_tui.events import (
    AttemptEnded,
    AttemptOpened,
    AttemptStarted,
    Carried,
    Channel,
    Decision,
    Delta,
    ErrorInfo,
    Event,
    Outcome,
    Plan,
    Record,
    RunEnded,
    RunStarted,
    StageEnded,
    StageSpec,
    StageStarted,
    Usage,
    UsageReported,
    UsageSource,
    Verdict,
    Warned,
)
from hive_tui.state import RunState, fold
from hive_tui.tui.app import HiveApp
from hive_tui.tui.firstframe import theme_folders
from hive_tui.tui.session import CoreStats, CoreStatus, Lanes, ModelList, NewFork, Offer, Setup, StageChoice
from tests.tui.idle import wait_for_idle

MS = 1_000_000
STAGES = ("generator", "refiner", "validator", "curator")
MODELS = {
    "generator": "sim/atlas-large",
    "refiner": "sim/lyra-2",
    "validator": "sim/vega-mini",
    "curator": "sim/atlas-large",
}


class ScriptedSession:
    """Plays records; what the screen asks of it is kept in `calls`."""

    def __init__(self) -> None:
        self.state = RunState()
        self.calls: list[tuple[object, ...]] = []
        self.core = CoreStatus.ALIVE
        self.found: tuple[Offer, ...] = ()
        self.figures = CoreStats(cpu_percent=12.0, memory_bytes=61_000_000, lag_bytes=0)
        self.words: list[str] = []
        self.fork_fault: ErrorInfo | None = None
        """What the core says of a fork."""
        self.answers: dict[type, Reply] = {}
        """What the core says, by the kind of question."""
        self.now = 0
        self.played: list[Record] = []
        self.lanes_asked = 0
        self.models = ModelList(("sim/atlas-large", "sim/atlas-mini", "sim/lyra-2", "sim/vega-mini"), "4 models of sim")
        self.tell: Callable[[ModelList], None] = lambda _models: None
        self.settings = Setup(
            "pipeline", "default", True, {stage: StageChoice(MODELS[stage], (), 0.7) for stage in STAGES}
        )
        self.wake: Callable[[], None] = lambda: None
        self._waiting: list[Record] = []

    def play(self, records: Sequence[Record]) -> None:
        self._waiting.extend(records)
        self.played.extend(records)
        self.now = records[-1].time_ns
        self.wake()

    def start(self, wake: Callable[[], None]) -> None:
        self.wake = wake

    def close(self) -> None:
        self.calls.append(("close",))

    def drain(self) -> RunState:
        for record in self._waiting:
            self.state = fold(self.state if not isinstance(record.event, RunStarted) else RunState(), record)
        self._waiting.clear()
        return self.state

    def sleep(self) -> bool:
        return not self._waiting

    def now_ns(self) -> int:
        return self.now

    def ask(self, question: str) -> None:
        self.calls.append(("ask", question))

    def fork(self, wanted: NewFork, tell: Callable[[ErrorInfo | str], None]) -> None:
        changes = tuple(wanted.changes)
        self.calls.append(("fork", wanted.run, wanted.state.run, wanted.here, changes, wanted.prefix))
        tell("" if self.fork_fault is None else self.fork_fault)

    def warm(self) -> None:
        self.calls.append(("warm",))

    def cancel(self, stage: str | None = None) -> None:
        self.calls.append(("cancel", stage))

    def retry(self, stage: str) -> None:
        self.calls.append(("retry", stage))

    def core_status(self) -> CoreStatus:
        return self.core

    def core_fault(self) -> str:
        return ""

    def restart_core(self) -> None:
        self.calls.append(("restart",))
        self.core = CoreStatus.STARTING

    def offers(self) -> Sequence[Offer]:
        return self.found

    def take_offer(self, index: int) -> str:
        self.calls.append(("take", index))
        self.found = ()
        return "OpenRouter answers from now on"

    def setup(self) -> Setup:
        return self.settings

    def save_stage(self, stage: str, choice: StageChoice) -> str:
        self.calls.append(("save", stage, choice))
        return "profiles/default.toml"

    def stats(self) -> CoreStats:
        return self.figures

    def list_models(self, stage: str, tell: Callable[[ModelList], None]) -> None:
        self.calls.append(("models", stage))
        self.tell = tell
        tell(self.models)

    def query(self, command: Command, tell: Callable[[Reply | None], None]) -> None:
        self.calls.append(("query", command))
        tell(self.answers.get(type(command)))

    def lanes(self) -> Lanes | None:
        self.lanes_asked += 1
        return lanes_of(self.played)

    def notices(self) -> Sequence[str]:
        words, self.words = self.words, []
        return words


def lanes_of(records: Sequence[Record], bins: int = 200) -> Lanes:
    rows: dict[int, list[int]] = {}
    end = records[-1].time_ns
    for record in records:
        if isinstance(record.event, Delta):
            rows.setdefault(record.stream, [0] * bins)[record.time_ns * bins // (end + 1)] += len(record.event.data)
    return Lanes({stream: tuple(row) for stream, row in rows.items()}, end)


class Script:
    """Writes the records of a run, one after the other, a few milliseconds apart."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.time = 0
        self._streams = 0

    def add(self, event: Event, stream: int = 0, after_ms: int = 5) -> "Script":
        self.time += after_ms * MS
        self.records.append(Record(1, len(self.records) + 1, self.time, stream, event))
        return self

    def begin(self, question: str, stages: Sequence[str] = STAGES, simulated: bool = True) -> "Script":
        specs = tuple(StageSpec(stage, stage, "simulator", MODELS[stage]) for stage in stages)
        plan = Plan("pipeline" if len(stages) > 1 else "single", specs)
        return self.add(RunStarted("01k9a7c2-4f6e", question, plan, "default", simulated, 0), after_ms=0)

    def attempt(self, stage: str, reason: str = "first", opened: bool = True) -> int:
        self._streams += 1
        if reason == "first":
            self.add(StageStarted(stage))
        self.add(AttemptStarted(stage, MODELS[stage], "simulator", reason=reason), self._streams)
        if opened:
            self.add(AttemptOpened(200, "HTTP/1.1", True), self._streams, 80)
        return self._streams

    def text(self, stream: int, text: str, channel: Channel = Channel.ANSWER, after_ms: int = 20) -> "Script":
        for word in text.split(" "):
            data = (word + " ").encode()
            self.add(Delta(channel, wire.CHUNK.pack(0, len(data)), data), stream, after_ms)
        return self

    def finish(self, stream: int, stage: str, tokens: int, cost: str, verdict: Verdict | None = None) -> "Script":
        usage = Usage(prompt_tokens=120, completion_tokens=tokens, source=UsageSource.PROVIDER)
        self.add(UsageReported(usage, cost, "provider"), stream)
        self.add(AttemptEnded(Outcome.FINISHED, "stop", simulated=True), stream)
        return self.add(StageEnded(stage, verdict=verdict, carried=Carried(stream)))


ANSWER = """## Why the sky is blue

Sunlight is **white**, and air scatters it. Shorter waves scatter far more, as `1/λ⁴`:

1. blue light (450 nm) scatters about **4.4 times** as much as red (650 nm);
2. so blue reaches the eye from *every* direction of the sky;
3. at sunset the way through the air is long, and what is left is red.

| Colour | Wavelength | Scattered |
|---|---:|---:|
| violet | 400 nm | 7.0 |
| blue | 450 nm | 4.4 |
| red | 650 nm | 1.0 |

```python
def scattered(nm: float) -> float:
    return (650 / nm) ** 4  # relative to red
```

> Violet scatters more still, but the sun gives less of it and eyes see it worse.

See [Rayleigh scattering](https://example.org/rayleigh).
"""
DRAFT = (
    "The sky is blue because of Rayleigh scattering: molecules of the air are much smaller than the wavelength of "
    "light, and such particles scatter short waves far more than long ones.\n\n"
    "The strength goes with the inverse fourth power of the wavelength, so blue light at 450 nm is scattered about "
    "4.4 times as strongly as red light at 650 nm.\n\n"
    "- Violet is scattered even more, but there is less of it in sunlight.\n"
    "- At sunset the path is longer and most of the blue has gone."
)


def whole_run() -> list[Record]:
    """Four stages, one after the other, to an answer."""
    script = Script().begin("Why is the sky blue?")
    first = script.attempt("generator")
    script.text(first, DRAFT).finish(first, "generator", 118, "0.00214")
    second = script.attempt("refiner")
    script.text(second, "The draft is right; it lacks the numbers.", Channel.REASONING)
    script.text(second, DRAFT.replace("about", "roughly")).finish(second, "refiner", 131, "0.00187")
    third = script.attempt("validator")
    script.text(third, "ACCEPT\n\nThe exponent and the ratio are right: (650/450)^4 = 4.35.")
    script.finish(third, "validator", 24, "0.00009", Verdict.ACCEPT)
    fourth = script.attempt("curator")
    script.text(fourth, ANSWER).finish(fourth, "curator", 212, "0.00391")
    script.add(RunEnded(Outcome.FINISHED, Decision.CURATOR, Carried(fourth)))
    return script.records


def live_run() -> list[Record]:
    """Two stages done, the third thinking, the fourth waiting."""
    script = Script().begin("Why is the sky blue?")
    first = script.attempt("generator")
    script.text(first, DRAFT).finish(first, "generator", 118, "0.00214")
    second = script.attempt("refiner")
    script.text(second, "The draft is right; it lacks the numbers.", Channel.REASONING)
    script.text(second, DRAFT[:330])
    return script.records


def failed_run() -> list[Record]:
    """The endpoint refuses the key."""
    script = Script().begin("Why is the sky blue?", simulated=False)
    first = script.attempt("generator", opened=False)
    script.add(AttemptOpened(401, "HTTP/2", False), first)
    error = ErrorInfo("auth", "No auth credentials found", 401, "check OPENROUTER_API_KEY")
    script.add(AttemptEnded(Outcome.ERRORED, error=error), first)
    script.add(StageEnded("generator"))
    for stage in STAGES[1:]:
        script.add(StageEnded(stage, skipped="no text to work on"))
    script.add(Warned("unrecorded", "the disk is full: this run is not recorded"))
    script.add(RunEnded(Outcome.ERRORED, error=error))
    return script.records


@pytest.fixture(autouse=True)
def pilot_waits_for_a_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """Imported by name in both places."""
    monkeypatch.setattr("textual.app.wait_for_idle", wait_for_idle)
    monkeypatch.setattr("textual.pilot.wait_for_idle", wait_for_idle)


@pytest.fixture
def session() -> ScriptedSession:
    return ScriptedSession()


@pytest.fixture
def runs() -> dict[str, list[Record]]:
    return {"whole": whole_run(), "live": live_run(), "failed": failed_run()}


class StandingClock:
    """The viewer's clock, which moves when a test moves it."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def make_app(
    session: ScriptedSession, clock: StandingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., HiveApp]:
    """An app on the scripted session; its vitals and frames are as unknown as a headless screen's are."""
    monkeypatch.setenv("HIVE_HOME", str(tmp_path))
    monkeypatch.setattr("hive_tui.tui.gauging.resident_bytes", lambda: 42_000_000)
    monkeypatch.setattr("hive_tui.tui.gauging.Vitals.cpu_percent", lambda _self, _now: 19.0)
    monkeypatch.setattr(
        "hive_tui.tui.gauging._frames", lambda _clock, _now, _live: {"fps": "120/120", "path": "direct"}
    )

    monkeypatch.setattr("hive_tui.tui.app.faults", lambda _clock: frozenset())

    def make(**options: object) -> HiveApp:
        here = paths()
        folders = theme_folders(here.config)
        return HiveApp(session, here, theme_folders=folders, clock=clock, **options)

    return make


@pytest.fixture
def drive(make_app):
    """Runs an app at a size and lets a function press its keys."""

    def run(act: Callable[..., Awaitable[None]], size: tuple[int, int] = (160, 48), **options: object) -> HiveApp:
        app = make_app(**options)

        async def main() -> None:
            async with app.run_test(size=size) as pilot:
                await pilot.pause()
                await act(pilot, app.screen)

        asyncio.run(main())
        return app

    return run
