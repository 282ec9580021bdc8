"""What the status line says of a moment of a run. Pure."""

from __future__ import annotations

from hive_tui.tui.facts import seconds

RECORDED = "a recorded run"
"""What the status line adds at the end of a run that is not the session's own."""


def where(at_ns: int, end_ns: int, direction: int, speed: float, width: int, *, growing: bool) -> str:
    """At which moment one is, what is played, and how far behind the newest moment that is, as far as there is room."""
    how = "paused" if not direction else f"{'playing' if direction > 0 else 'backwards'} {speed:g}x"
    behind = seconds(max(0, end_ns - at_ns))
    said = [f"{how} at {seconds(at_ns)} of {seconds(end_ns)}", f"{behind} {'behind' if growing else 'to its end'}"]
    whole = " · ".join([*said, "End returns"])
    return whole if len(whole) <= width else " · ".join(said)


def status(
    here: tuple[int, int], at_ns: int, end_ns: int, direction: int, speed: float, width: int, *, growing: bool
) -> tuple[str, str]:
    """What the status line says in the past, and beside it the event where that has room."""
    text, number = where(at_ns, end_ns, direction, speed, width - 2, growing=growing), event(here)
    # How one gets back is said first.
    return text, number if len(text) + len(number) + 4 <= width else ""


def event(here: tuple[int, int]) -> str:
    """Which event that is; `here` is so many events, and so many chunks of the one behind them."""
    seq, chunks = here
    more = f" + {chunks} chunk{'s' if chunks > 1 else ''}" if chunks else ""
    return f"event {seq:,}{more}"
