"""Whether endpoints still offer the models that a run is about to ask."""

from __future__ import annotations

from collections.abc import Sequence

from hive_tui.config.errors import ConfigError
from hive_tui.config.request import EndpointSpec, RunRequest
from hive_tui.core.reach import Reach
from hive_tui.core.simulated import SimulatorError
from hive_tui.events import ErrorInfo, StageSpec
from hive_tui.models.call import CallError


async def missing(reach: Reach, request: RunRequest, asked: Sequence[StageSpec]) -> ErrorInfo | None:
    """What to say of the first model that its endpoint does not list; `None` when there is none.

    An endpoint that gives no list, or only an old one, is believed to have them all: the calls will say.
    """
    for spec in request.endpoints:
        wanted = [each for each in asked if each.endpoint == spec.name]
        known = await _listed(reach, spec) if wanted else None
        for stage in wanted if known else ():
            assert known is not None
            if not _is_listed(stage.model, known):
                message = f"stage {stage.stage}: {spec.name} does not offer the model {stage.model} (any more)"
                advice = (
                    f"name another: --set stages.{stage.stage}.model=NAME; it offers {', '.join(sorted(known)[:5])}"
                )
                return ErrorInfo("not_found", message, advice=advice + (", ..." if len(known) > 5 else ""))
    return None


async def _listed(reach: Reach, spec: EndpointSpec) -> set[str] | None:
    try:
        http, endpoint = await reach.fetcher(spec)
    except (ConfigError, SimulatorError):
        return None  # The run itself will say so.
    catalogue = reach.catalogue(http)
    try:
        listing = await catalogue.listing(endpoint)
    except CallError:
        return None
    finally:
        catalogue.close()
        await http.aclose()
    return None if listing.stale else {card.id for card in listing.cards}


def _is_listed(model: str, known: set[str]) -> bool:
    """Lists leave out variants (`:nitro`, `:floor`), the simulator's options (`+seed=1`) and names that follow the
    newest (`-latest`, `~`)."""
    if model in known or model.startswith("~") or model.endswith("-latest"):
        return True
    return model.partition("+")[0] in known or model.rpartition(":")[0] in known
