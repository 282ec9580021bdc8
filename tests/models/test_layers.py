"""Retry, fallback, breaker and limits over a scripted inner transport, with clock, sleep and chance handed in."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from hive_tui.events import Channel
from hive_tui.models.breaker import BreakerPolicy
from hive_tui.models.call import Again, Batch, Call, CallError, Endpoint, Finish, Opened, Part, Text
from hive_tui.models.errors import KINDS, failure
from hive_tui.models.limits import Allowance
from hive_tui.models.retry import RetryPolicy
from hive_tui.models.stack import StackConfig, layered

CALL = Call(Endpoint("e", "http://localhost/v1", "openai"), "m", ())
OPENED = Opened(200, "HTTP/1.1")
HELLO = Text(Channel.ANSWER, "hello")
STOP = Finish("stop", "stop")

Step = Part | CallError | Callable[[], Any]


class World:
    """A clock that only sleeping moves, and an inner transport that plays one script a call."""

    def __init__(self, *scripts: list[Step], **config: Any) -> None:
        self.scripts = list(scripts)
        self.models: list[str] = []
        self.waits: list[float] = []
        self.now = 0.0
        self.running = self.most_running = 0
        self.transport = layered(
            self, StackConfig(**config), rng=random.Random(1), clock_ns=lambda: int(self.now * 1e9), sleep=self.sleep
        )

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    async def stream(self, call: Call) -> AsyncGenerator[Batch, None]:
        self.models.append(call.model)
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        try:
            for step in self.scripts.pop(0):
                await asyncio.sleep(0)
                if isinstance(step, CallError):
                    raise step
                if callable(step):
                    await step()
                else:
                    yield Batch(0, (step,))
        finally:
            self.running -= 1

    async def ask(self, call: Call = CALL) -> tuple[list[Part], str]:
        parts: list[Part] = []
        try:
            async for batch in self.transport.stream(call):
                parts += batch.parts
        except CallError as error:
            return parts, error.info.kind
        return parts, ""


def down(retry_after_s: float | None = None) -> CallError:
    return failure("overloaded", "busy", status=503, retry_after_s=retry_after_s)


def bad() -> CallError:
    return failure("bad_request", "no", status=400)


GOOD: list[Step] = [OPENED, HELLO, STOP]


def test_a_call_that_goes_well_passes_unchanged() -> None:
    world = World(GOOD)
    assert asyncio.run(world.ask()) == ([OPENED, HELLO, STOP], "")
    assert world.waits == []


def test_a_retry_is_announced_waited_for_and_made() -> None:
    world = World([OPENED, down()], [down()], GOOD)
    parts, error = asyncio.run(world.ask())
    first, second = (part for part in parts if isinstance(part, Again))
    assert error == ""
    assert (first.reason, first.model, first.error) == ("retry", "m", down().info)
    assert world.waits == [first.wait_s, second.wait_s]
    assert 0 <= first.wait_s <= 0.5
    assert 0 <= second.wait_s <= 1.0
    assert parts[-3:] == GOOD


def test_attempts_are_bounded_and_the_last_error_stands() -> None:
    world = World([down()], [down()], [down()], GOOD)
    parts, error = asyncio.run(world.ask())
    assert (len(parts), error) == (2, "overloaded")
    assert len(world.models) == 3


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
def test_statuses_that_say_it_is_our_fault_are_not_tried_again(status: int) -> None:
    from hive_tui.models.errors import from_response

    world = World([from_response(status, {"retry-after": "1"}, b"{}", now=0)], GOOD)
    asyncio.run(world.ask())
    assert len(world.models) == 1


def test_nothing_is_repeated_after_the_first_token() -> None:
    world = World([OPENED, HELLO, down()], GOOD)
    parts, error = asyncio.run(world.ask(replace(CALL, fallbacks=("n",))))
    assert (parts, error) == ([OPENED, HELLO], "overloaded")
    assert world.models == ["m"]


def test_the_servers_wish_is_the_least_wait() -> None:
    world = World([down(7.0)], GOOD)
    asyncio.run(world.ask())
    assert 7.0 <= world.waits[0] <= 7.5


def test_a_wish_beyond_patience_ends_the_calls_of_this_model_and_is_told() -> None:
    world = World([down(3600.0)], GOOD)
    parts, _ = asyncio.run(world.ask(replace(CALL, fallbacks=("n",))))
    (again,) = (part for part in parts if isinstance(part, Again))
    assert (again.reason, again.model) == ("fallback", "n")
    assert again.error.message.endswith("; the server asks to wait 3600 s")
    assert world.waits == []


def test_waits_grow_to_a_bound() -> None:
    policy = RetryPolicy(attempts=20, base_s=1.0, cap_s=4.0)
    world = World(*([down()] for _ in range(20)), retry=policy, breaker=BreakerPolicy(failures=100))
    asyncio.run(world.ask())
    assert len(world.waits) == 19
    assert max(world.waits) <= 4.0
    assert max(world.waits[:2]) <= 2.0


def test_the_next_model_is_asked_when_one_fails_for_good() -> None:
    world = World([bad()], [bad()], GOOD)
    parts, error = asyncio.run(world.ask(replace(CALL, fallbacks=("n", "o"))))
    assert error == ""
    assert [part for part in parts if isinstance(part, Again)] == [
        Again(bad().info, 0.0, "fallback", "n"),
        Again(bad().info, 0.0, "fallback", "o"),
    ]
    assert world.models == ["m", "n", "o"]


def test_the_last_models_error_stands() -> None:
    world = World([failure("not_found", "m")], [bad()])
    assert asyncio.run(world.ask(replace(CALL, fallbacks=("n",))))[1] == "bad_request"


@pytest.mark.parametrize("kind", ["auth", "connect", "dns", "tls"])
def test_an_endpoint_that_is_wrong_is_wrong_for_all_models(kind: str) -> None:
    world = World([failure(kind, "x", retryable=False)], GOOD)
    assert asyncio.run(world.ask(replace(CALL, fallbacks=("n",))))[1] == kind
    assert world.models == ["m"]


SICK = {"retry": RetryPolicy(attempts=1), "breaker": BreakerPolicy(failures=2, pause_s=30.0)}


def test_the_breaker_opens_tests_once_and_closes() -> None:
    world = World([down()], [down()], [down()], GOOD, GOOD, **SICK)

    async def main() -> list[str]:
        seen = [(await world.ask())[1] for _ in range(3)]
        world.now += 31
        seen += [(await world.ask())[1] for _ in range(2)]
        world.now += 31
        return seen + [(await world.ask())[1] for _ in range(2)]

    assert asyncio.run(main()) == ["overloaded", "overloaded", "breaker_open", "overloaded", "breaker_open", "", ""]
    assert len(world.models) == 5


def test_half_open_lets_one_call_through_at_a_time_and_a_cancelled_one_tells_nothing() -> None:
    async def forever() -> None:
        await asyncio.Event().wait()

    world = World([down()], [down()], [OPENED, forever], GOOD, **SICK)

    async def main() -> None:
        await world.ask()
        await world.ask()
        world.now += 31
        probe = asyncio.ensure_future(world.ask())
        await asyncio.sleep(0.01)
        assert (await world.ask())[1] == "breaker_open"
        probe.cancel()
        await asyncio.wait({probe})
        assert (await world.ask())[1] == ""

    asyncio.run(main())


def test_an_open_breaker_leads_to_the_next_model() -> None:
    world = World([down()], [down()], GOOD, **SICK)

    async def main() -> None:
        await world.ask()
        await world.ask()
        parts, error = await world.ask(replace(CALL, fallbacks=("n",)))
        assert error == ""
        assert isinstance(parts[0], Again)
        assert parts[0].error.kind == "breaker_open"

    asyncio.run(main())
    assert world.models == ["m", "m", "n"]


def test_bad_requests_do_not_open_the_breaker() -> None:
    world = World(*([bad()] for _ in range(5)), **SICK)

    async def main() -> list[str]:
        return [(await world.ask())[1] for _ in range(5)]

    assert asyncio.run(main()) == ["bad_request"] * 5


def test_concurrency_is_bounded_and_a_cancelled_call_gives_its_place_back() -> None:
    async def brief() -> None:
        await asyncio.sleep(0.01)

    scripts: list[list[Step]] = [[OPENED, brief, HELLO, STOP] for _ in range(9)]
    world = World(*scripts, allowances={"e": Allowance(concurrency=3)})

    async def main() -> None:
        tasks = [asyncio.ensure_future(world.ask()) for _ in range(9)]
        await asyncio.sleep(0.005)
        tasks[0].cancel()
        tasks[5].cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert sum(isinstance(result, tuple) for result in done) == 7
        assert (world.running, world.most_running) == (0, 3)

    asyncio.run(main())


def test_calls_are_paced() -> None:
    world = World(*(GOOD for _ in range(5)), allowances={"e": Allowance(per_minute=20)})

    async def main() -> None:
        for _ in range(5):
            await world.ask()

    asyncio.run(main())
    assert world.waits == pytest.approx([3.0, 3.0, 3.0])
    assert world.now == pytest.approx(9.0)


def test_closing_the_outermost_closes_the_innermost() -> None:
    async def forever() -> None:
        await asyncio.Event().wait()

    world = World([OPENED, HELLO, forever])

    async def main() -> None:
        stream = world.transport.stream(CALL)
        await anext(stream)
        await stream.aclose()
        assert world.running == 0

    asyncio.run(main())


def test_every_kind_that_a_layer_names_exists() -> None:
    from hive_tui.models import breaker, fallback

    assert set(KINDS) >= breaker._ILL | fallback._ALL_MODELS_ALIKE
