"""What a stage's endpoint offers, for the settings: what is kept at once, and a fresh list when that is old."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from hive_tui.config.request import EndpointSpec
from hive_tui.core.commands import ListModels, Models, Refused, Reply
from hive_tui.tui.facts import one_line
from hive_tui.tui.session import ModelList

LONGEST = 200
"""Characters of a name; what is longer, or holds what cannot be shown, is not offered."""


async def tell_models(
    ask: Callable[[ListModels], Awaitable[Reply | None]], spec: EndpointSpec, tell: Callable[[ModelList], None]
) -> None:
    """Tell what the core keeps of the endpoint's list, and then, if that is old or nothing, what the endpoint says."""
    kept = await ask(ListModels(spec, kept=True))
    names: tuple[str, ...] = ()
    if isinstance(kept, Models):
        names = offered(kept.names)
        if not kept.stale:
            tell(ModelList(names, f"{_counted(names)} of {spec.name}"))
            return
    tell(ModelList(names, f"asking {spec.name} for its models"))
    fresh = await ask(ListModels(spec))
    if isinstance(fresh, Models):
        names = offered(fresh.names)
        more = f" · {one_line(fresh.problem)}" if fresh.problem else ""
        tell(ModelList(names, f"{_counted(names)} of {spec.name}{' as of old' if fresh.stale else ''}{more}"))
    elif isinstance(fresh, Refused):
        words = one_line(f"{fresh.error.message} · {fresh.error.advice}").rstrip(" ·")
        tell(ModelList(names, f"no list from {spec.name}: {words}", failed=True))
    else:
        tell(ModelList(names, "no list of models: the core process died", failed=True))


def offered(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name.isprintable() and 0 < len(name) <= LONGEST)


def _counted(names: tuple[str, ...]) -> str:
    return f"{len(names):,} model{'' if len(names) == 1 else 's'}"
