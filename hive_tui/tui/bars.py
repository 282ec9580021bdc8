"""The single lines of the screen: header, gauges, offers, status, footer, and the frame of the question.

Pure, and on the start-up path like `chrome`.
"""

from __future__ import annotations

from hive_tui.tui.actions import footer_of
from hive_tui.tui.chrome import Gauge, box_rows
from hive_tui.tui.lines import PROMPT, UNKNOWN, Line, Piece, choose, cut, fit, measure, width_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


GAUGES = (
    Gauge(
        "fps",
        "fps",
        0,
        "Frames painted in the last second, counted by the frame clock, and its target after the slash; `idle` while "
        "the clock stands.",
    ),
    Gauge(
        "p99",
        "p99",
        3,
        "99th percentile of the last 512 times between two frames without a pause between them, by the frame clock.",
    ),
    Gauge("key", "key", 4, "From a key's arrival here to the write that shows it: 99th percentile of the last 512."),
    Gauge("lag", "lag", 5, "Bytes in the ring that were not read yet when the last frame began."),
    Gauge(
        "rate", "rate", 1, "What all live calls brought in the last second: chunks (a provider's frames), never tokens."
    ),
    Gauge(
        "core",
        "core",
        6,
        "CPU (of one core, over the last few seconds) and resident memory of the core process, as it last told.",
    ),
    Gauge(
        "screen",
        "screen",
        7,
        "CPU (of one core, over the last second) and resident memory of this process, by the operating system.",
    ),
    Gauge(
        "cost", "cost", 2, "Sum over the calls of the provider's report, or list price x usage; ≥ while one is unknown."
    ),
    Gauge(
        "path",
        "paint",
        8,
        "Which way the last frame went: direct (rows straight to the terminal) or compositor (Textual's own), and why.",
    ),
)


def header(
    width: int, *, plan: str = "", profile: str = "", run: str = "", question: str = "", marks: Sequence[str] = ()
) -> Line:
    """Name, plan, profile and question at the left; marks and the run's id at the right."""
    left: list[Piece] = [(" ◆ hive ", "header.name")]
    if plan:
        left.append((f" {plan}", "header"))
    if profile:
        left.append((f" · {profile}", "header.muted"))
    right: list[Piece] = []
    for mark in marks:
        right += [(f" {mark} ", f"badge.{mark.lower()}"), (" ", "header")]
    named = [(f"{run} ", "header.muted"), *right] if run else right
    # The question says more of a run than its id does.
    if measure(left) + measure(named) + (min(width_of(question), 30) + 6 if question else 2) > width:
        named = right
    if measure(left) + measure(named) > width:
        left = left[:1]
    room = width - measure(left) - measure(named) - 6
    if question and room >= min(12, width_of(question)):
        left.append((f"   {cut(question, room)}", "header"))
    return fit(left, named, width, (" ", "header"))


RECORDED = frozenset({"rate", "cost"})
"""Gauges that a recording tells, at any moment; the others are of the viewer itself, and always of now."""
NOW = "●"
"""Stands before the gauges of the viewer itself while another moment than now is shown."""


def gauges(values: Mapping[str, str], bad: frozenset[str], width: int, past: bool = False) -> Line:
    """The strip of gauges; a gauge without a value is shown as unknown. In the past those of that moment come first,
    and those that are of now all the same are marked."""
    items: list[tuple[int, Line]] = []
    for gauge in sorted(GAUGES, key=lambda each: past and each.id not in RECORDED):
        value = values.get(gauge.id, UNKNOWN)
        style = "gauge.bad" if gauge.id in bad else "gauge" if value != UNKNOWN else "gauge.label"
        # What says that something is wrong is kept longest.
        label = f"{NOW}{gauge.label} " if past and gauge.id not in RECORDED else f"{gauge.label} "
        items.append((-1 if gauge.id in bad else gauge.rank, ((label, "gauge.label"), (value, style))))
    gap = "   " if width >= 120 else "  "
    chosen = choose(items, width - 2, (gap, "gauge.label"))
    return fit([(" ", "gauge.label"), *chosen], [], width, (" ", "gauge.label"))


def status(text: str, style: str, right: str, width: int) -> Line:
    """What the program knows to be so, now; `right` is a fact beside it."""
    ends: list[Piece] = [(f"{right} ", "muted")] if right else []
    return fit([(" ", "ground"), (text, style)], ends, width, (" ", "ground"))


def offer(text: str, key: str, width: int) -> Line:
    """Something that was found and can be taken with a key."""
    return fit([(f" {key} ", "offer.key"), (" ", "ground"), (text, "offer")], [], width, (" ", "ground"))


def footer(scope: str, width: int) -> Line:
    """The keys that hold where the focus is."""
    items: list[tuple[int, Line]] = [
        (rank, ((f"{key} ", "footer.key"), (label, "footer"))) for rank, key, label in footer_of(scope)
    ]
    return fit(
        [(" ", "footer"), *choose(items, width - 2, ("   " if width >= 100 else "  ", "footer"))],
        [],
        width,
        (" ", "footer"),
    )


PLACEHOLDER = "Ask the council anything"


def question_frame(width: int, height: int, focused: bool, live: bool) -> list[Line]:
    """The question's rows without its text: prompt, and box where there is room for one."""
    if height < 3 or width < 24:
        prompt: Line = ((PROMPT + " ", "prompt"),) if width > 4 else ()
        first = fit(prompt, [], width, (" ", "ground"))
        return [first, *[((" " * width, "ground"),)] * (height - 1)]
    low: Line = ((" Esc cancels the run ", "muted"),) if live else ()
    rows = box_rows(((" Question ", "strong" if focused else "muted"),), width, height, focused, low)
    edge = rows[1][0]
    rows[1] = (edge, (" ", "ground"), (PROMPT, "prompt"), (" " * (width - 4), "ground"), edge)
    return rows


def placeholder(width: int, focused: bool) -> Line:
    """An empty question line: the cursor stands on the first letter of the invitation."""
    text = PLACEHOLDER if width >= len(PLACEHOLDER) else ""
    head: Piece = (text[:1] or " ", "cursor.placeholder" if focused else "placeholder")
    return fit([head, (text[1:], "placeholder")], [], width, (" ", "ground"))
