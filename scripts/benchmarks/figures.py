"""Samples to figures, and figures against aims: what every measurement does with its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all did not exceed."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(values: Sequence[float], scale: float = 1.0) -> dict[str, float]:
    """Median, tail and count of samples."""
    return {
        "p50": round(percentile(values, 0.5) * scale, 3),
        "p90": round(percentile(values, 0.9) * scale, 3),
        "p99": round(percentile(values, 0.99) * scale, 3),
        "max": round(max(values, default=float("nan")) * scale, 3),
        "samples": len(values),
    }


def medians(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    """Figure by figure, the median of the runs."""
    return {name: round(median(run[name] for run in runs), 3) for name in runs[0]}


@dataclass(frozen=True)
class Aim:
    """What was to be shown, what was found, and whether that is enough."""

    aim: str
    figure: str
    reached: bool


def at_most(what: str, found: float, limit: float, unit: str) -> Aim:
    return Aim(f"{what} <= {limit:g} {unit}", f"{found:.1f} {unit}", found <= limit)


def at_least(what: str, found: float, limit: float, unit: str) -> Aim:
    return Aim(f"{what} >= {limit:,g} {unit}", f"{found:,.0f} {unit}", found >= limit)


def show(aims: Sequence[Aim]) -> None:
    print()
    for each in aims:
        print(f"  {'reached' if each.reached else 'MISSED '}  {each.aim}: {each.figure}")


def plain(aims: Sequence[Aim]) -> list[dict[str, Any]]:
    return [asdict(each) for each in aims]
