"""What the screen asks of the world outside, and nothing more.

The program's own session speaks to the core process; tests give a scripted one that folds real records. All calls
return at once: what they set off arrives as another state, status or notice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from hive_tui.config.forking import Change
    from hive_tui.core.commands import Command, Reply  # 10 ms, before the first picture of a recorded run.
    from hive_tui.events import ErrorInfo
    from hive_tui.state import RunState


class CoreStatus(Enum):
    """What is known of the core process."""

    STARTING = "starting"
    ALIVE = "alive"
    SILENT = "core not answering"
    """Its process is there, but no ping was answered for a second; taken back when one is."""
    DIED = "core process died"
    """Its process has ended; said in no other case."""


class Offer(msgspec.Struct, frozen=True):
    """Something that was found and is used when the person takes it."""

    text: str
    """Such as `found OPENROUTER_API_KEY: the council can ask OpenRouter`; never holds the key."""


class StageChoice(msgspec.Struct, frozen=True):
    """Who answers at a stage in the next run."""

    model: str
    fallbacks: tuple[str, ...] = ()
    temperature: float | None = None


class NewFork(msgspec.Struct, frozen=True):
    """Where a run is left, and what is asked otherwise from there on."""

    run: str
    """The name by which the core finds it."""
    state: RunState
    """At that place."""
    here: tuple[int, int]
    """The place: the event, and chunks behind it."""
    changes: Sequence[Change]
    prefix: str
    """How a model goes on from an answer that is cut there, as `commands.Fork` has it."""


class Setup(msgspec.Struct, frozen=True):
    """How the next question will be answered."""

    plan: str = ""
    profile: str = ""
    simulated: bool = False
    stages: Mapping[str, StageChoice] = {}
    """By stage, in the plan's order."""
    hottest: Mapping[str, float] = {}
    """By stage: the highest temperature that its endpoint takes."""


class ModelList(msgspec.Struct, frozen=True):
    """What a stage's endpoint offers."""

    names: tuple[str, ...] = ()
    note: str = ""
    """Whose list it is and how good, or why there is none, in words."""
    failed: bool = False
    """Whether the note is one of failure."""


class CoreStats(msgspec.Struct, frozen=True):
    """Figures of the core and the ring; `None` is unknown."""

    cpu_percent: float | None = None
    """Of one core, over the last few seconds."""
    memory_bytes: int | None = None
    """Resident memory of the core process."""
    lag_bytes: int | None = None
    """Bytes in the ring that were not read yet when the last drain began."""


class Lanes(msgspec.Struct, frozen=True):
    """How densely the texts of a run came."""

    rows: Mapping[int, tuple[int, ...]]
    """By stream: bytes of text in each bin; the bins reach from the run's start to `duration_ns`."""
    duration_ns: int


class SettingsError(Exception):
    """A stage's settings could not be saved; the message says what, where and what to do."""


class Session(Protocol):
    def start(self, wake: Callable[[], None]) -> None:
        """Called once, on the event loop of the app. `wake` is to be called when there is something new of any kind."""
        ...

    def close(self) -> None:
        """The screen is gone: hang up."""
        ...

    def drain(self) -> RunState:
        """Read all that came and return the run that is shown; the same object when nothing changed."""
        ...

    def sleep(self) -> bool:
        """Ask for `wake` at the next record; False when there is something to drain now."""
        ...

    def now_ns(self) -> int:
        """Now, on the clock of the shown run: nanoseconds since it began."""
        ...

    def ask(self, question: str) -> None: ...

    def fork(self, wanted: NewFork, tell: Callable[[ErrorInfo | str], None]) -> None:
        """Go on from there, and show that. `tell` is called with what is wrong or, when the fork is there, with what is
        to be said of it, which may be nothing."""
        ...

    def warm(self) -> None:
        """A question is being typed: a good time to connect."""
        ...

    def cancel(self, stage: str | None = None) -> None:
        """Cancel the live run, or one stage's call."""
        ...

    def retry(self, stage: str) -> None: ...

    def core_status(self) -> CoreStatus: ...

    def core_fault(self) -> str:
        """Why the core ended, where it could say so before; else empty."""
        ...

    def restart_core(self) -> None: ...

    def offers(self) -> Sequence[Offer]: ...

    def take_offer(self, index: int) -> str:
        """Use the offer; returns what was done, in words."""
        ...

    def setup(self) -> Setup: ...

    def save_stage(self, stage: str, choice: StageChoice) -> str:
        """For the next run and, in the profile's file, for later ones; returns where. Raises SettingsError."""
        ...

    def list_models(self, stage: str, tell: Callable[[ModelList], None]) -> None:
        """Ask what the stage's endpoint offers. `tell` may be called at once and more than once: an old list first."""
        ...

    def stats(self) -> CoreStats: ...

    def query(self, command: Command, tell: Callable[[Reply | None], None]) -> None:
        """Ask the core for something that nothing records. `tell` is called with its answer, with `None` when the core
        died over it."""
        ...

    def lanes(self) -> Lanes | None:
        """Lanes of the shown run, as the core last told; `None` while nothing is known of them.

        To be called while a lane is on the screen, and only then: it is what makes the core look into the log.
        """
        ...

    def notices(self) -> Sequence[str]:
        """What else the person should know since the last call, one line each: faults of configuration files."""
        ...
