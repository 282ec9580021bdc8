"""All that is known, in the order in which it is asked."""

from __future__ import annotations

from hive_tui.simulator.knowledge import arithmetic, dates, facts, problems, units
from hive_tui.simulator.knowledge.finding import Finding


def find(question: str) -> Finding | None:
    """What is known about the question; `None` when nothing is."""
    for find_in in (dates.find, units.find, problems.find, arithmetic.find, facts.find):
        found = find_in(question)
        if found is not None:
            return found
    return None
