"""What the stages of a recorded run said, and what the council makes of it; a pure function of the run's state."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hive_tui.council.decision import Conclusion, Held, Reply, conclude
from hive_tui.events import Channel, Outcome, StageSpec
from hive_tui.state import RunState


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
