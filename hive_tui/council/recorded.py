"""What the stages of a recorded run said, and what the council makes of it; a pure function of the run's state."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from hive_tui.council.decision import Conclusion, Held, Reply, conclude
from hive_tui.events import Channel, Outcome, StageSpec
from hive_tui.state import RunState


class Beginning(msgspec.Struct, frozen=True):
    """What a stage had said of its answer where a recorded run is left; its model goes on from there."""

    stage: str
    text: str
    way: str
    """How the server is told of it (`models.prefix`)."""


def begun_answer(state: RunState) -> tuple[str, str] | None:
    """Stage and text of the answer that is under way; `None` when there is none that a model can go on from.

    Space at its end is left out: it is part of what comes next (Anthropic refuses a beginning that ends with some).
    """
    live = next((each for each in reversed(state.attempts) if each.outcome is None), None)
    if live is None or live.text.channel_text(Channel.REFUSAL).strip():
        return None
    text = live.text.channel_text(Channel.ANSWER).rstrip()
    return (live.stage, text) if text else None


def replies(state: RunState) -> dict[str, Reply]:
    """By stage, the last attempt's reply; a stage that was never asked has none. One that goes on is not usable yet."""
    found = {}
    for spec in state.plan.stages:
        stage = state.stage(spec.stage)
        attempt = state.attempt(stage.streams[-1]) if stage is not None and stage.streams else None
        if attempt is not None:
            found[spec.stage] = Reply(
                spec.stage,
                attempt.stream,
                attempt.text.channel_text(Channel.ANSWER),
                Outcome.CANCELLED if attempt.outcome is None else attempt.outcome,
                attempt.error,
                attempt.model,
                reasoned=bool(attempt.text.channel_text(Channel.REASONING)),
                withdrawn=attempt.cancelling,
            )
    return found


def conclusions(
    specs: Sequence[StageSpec], given: Callable[[str], Reply | None]
) -> tuple[dict[str, Conclusion], Held | None]:
    """What each stage comes to, asked in that order, and the text that stands at the end."""
    made: dict[str, Conclusion] = {}
    held: Held | None = None
    for spec in specs:
        reply = given(spec.stage)
        if reply is None or any(made[name].held is None for name in spec.inputs):
            made[spec.stage] = Conclusion(None, None)
            continue
        made[spec.stage] = conclude(spec.role, reply, made[spec.inputs[-1]].held if spec.inputs else None)
        held = made[spec.stage].held
    return made, held
