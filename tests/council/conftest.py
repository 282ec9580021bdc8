"""A council without a network: a transport that plays a script, and a journal that folds what it is told."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
import uvloop

from hive_tui import wire
from hive_tui.config.request import EndpointSpec, RunRequest, StageSettings
from hive_tui.council.engine import run_council
from hive_tui.council.inbox import RunInbox
from hive_tui.council.plans import build_plan
from hive_tui.council.recorded import Beginning
from hive_tui.events import Channel, Delta, Event, Record, RunEnded, RunStarted, Usage, UsageSource
from hive_tui.models.call import Batch, Call, CallError, Endpoint, Finish, Opened, Part, Text
from hive_tui.state import RunState, fold_all

STAGES = ("generator", "refiner", "validator", "curator")
URL = "https://models.example:8443/v1"


class Forever:
    """The endpoint falls silent."""


Step = Batch | CallError | Forever | Exception | Callable[["Scripted"], Awaitable[None] | None]
"""What a call does next; a function is called when the call gets there."""


def batch(*parts: Part) -> Batch:
    return Batch(0, parts)


def says(*texts: str, reason: str = "stop") -> list[Step]:
    """A call that goes well: headers, one read a text, a finish reason."""
    chunks = [batch(Text(Channel.ANSWER, text)) for text in texts]
    return [batch(Opened(200, "HTTP/2", True)), *chunks, batch(Finish(reason, reason))]


class Scripted:
    """A `Transport`: call n plays script n."""

    def __init__(self, journal: "Collected", scripts: list[list[Step]]) -> None:
        self.inbox = RunInbox()
        self.journal = journal
        self.scripts = scripts
        self.calls: list[Call] = []
        self.open = 0

    async def stream(self, call: Call) -> AsyncGenerator[Batch, None]:
        self.calls.append(call)
        self.open += 1
        try:
            for step in self.scripts[len(self.calls) - 1]:
                if isinstance(step, Batch):
                    yield step
                elif isinstance(step, Forever):
                    await asyncio.Event().wait()
                elif isinstance(step, Exception):
                    raise step
                else:
                    waiting = step(self)
                    await (asyncio.sleep(0) if waiting is None else waiting)
        finally:
            self.open -= 1


@dataclass
class Collected:
    """A `Journal` whose records went through the wire's encoding, as those that a reader gets."""

    records: list[Record] = field(default_factory=list)
    chunk_calls: int = 0
    syncs: int = 0

    def emit(self, event: Event, stream: int = 0) -> None:
        seq = len(self.records) + 1
        self.records.append(wire.decode(wire.encode(Record(1, seq, seq * 1000, stream, event)))[0])

    def chunks(self, stream: int, at_ns: int, texts: list[Text]) -> None:
        assert texts
        assert at_ns == 0, "the time of the read is the transport's"
        self.chunk_calls += 1
        for text in texts:
            data = text.text.encode()
            self.emit(Delta(text.channel, wire.CHUNK.pack(0, len(data)), data), stream)

    def sync(self) -> None:
        self.syncs += 1

    def events(self, *kinds: type) -> list[Event]:
        return [record.event for record in self.records if not kinds or isinstance(record.event, kinds)]


@dataclass
class Played:
    """What one run left behind."""

    state: RunState
    journal: Collected
    transport: Scripted


async def _count(text: str, _model: str) -> tuple[int, UsageSource]:
    return len(text.split()), UsageSource.ESTIMATE


@dataclass
class Stage:
    """Runs councils on one kind of event loop."""

    loop: Callable[[], asyncio.AbstractEventLoop]

    def play(
        self,
        *scripts: list[Step],
        plan: str = "pipeline",
        timeout_s: float | None = None,
        pricing: Callable[[str, Endpoint, Usage], Decimal | None] = lambda *_: None,
        counting: Callable[[str, str], Awaitable[tuple[int, UsageSource]]] = _count,
        within: Callable[[Awaitable[None], Scripted], Awaitable[None]] | None = None,
        fallbacks: tuple[str, ...] = (),
        recorded: Sequence[Record] = (),
        beginning: Beginning | None = None,
        tally: str = "chain",
    ) -> Played:
        """Run a council to its end, from those records on if there are some. `within` may wrap the running of it."""
        request = RunRequest(
            question="What is 6 x 7?",
            plan=plan,
            profile="default",
            stages={name: StageSettings("far", f"model-{name}", fallbacks) for name in STAGES},
            endpoints=(EndpointSpec("far", URL, "openai"),),
            timeout_s=timeout_s,
            tally=tally,
        )
        journal = Collected()
        made = build_plan(request)
        if recorded:
            journal.records += recorded
        else:
            journal.emit(RunStarted("run-1", request.question, made, "default", False, 0))

        async def run() -> Scripted:
            transport = Scripted(journal, list(scripts))
            council = run_council(
                "run-1",
                request,
                made,
                {"far": Endpoint("far", URL, "openai")},
                transport=transport,
                journal=journal,
                inbox=transport.inbox,
                pricing=pricing,
                counting=counting,
                recorded=fold_all(recorded) if recorded else None,
                beginning=beginning,
            )
            await (council if within is None else within(council, transport))
            others = asyncio.all_tasks() - {asyncio.current_task()}
            assert not others, "a task outlived its run"
            return transport

        with asyncio.Runner(loop_factory=self.loop) as runner:
            transport = runner.run(run())
        assert transport.open == 0, "a stream was left open"
        assert isinstance(journal.records[-1].event, RunEnded)
        assert len(journal.events(RunEnded)) == 1
        return Played(fold_all(journal.records), journal, transport)


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def stage(request: pytest.FixtureRequest) -> Stage:
    return Stage(request.param)
