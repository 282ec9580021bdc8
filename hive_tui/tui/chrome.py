"""What frames the panes: titles, borders, figures, hints and tabs, as lines fitted to a width.

Pure, and on the start-up path: used by the raw first frame and by the widgets, so that their cells are equal.
"""

from __future__ import annotations

from hive_tui.tui.lines import UNKNOWN, Line, Piece, choose, cut, fit, measure, width_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

STATES = {
    "idle": ("○", "faint"),
    "waiting for its turn": ("○", "faint"),
    "connecting": ("◌", "live"),
    "waiting": ("◐", "live"),
    "reasoning": ("◐", "live"),
    "streaming": ("●", "live"),
    "retrying": ("⟳", "warn"),
    "cancelling": ("⊘", "warn"),
    "finished": ("✓", "good"),
    "truncated": ("…", "warn"),
    "cancelled": ("⊘", "warn"),
    "timed_out": ("⧗", "bad"),
    "errored": ("✗", "bad"),
    "interrupted": ("⊘", "bad"),
    "skipped": (UNKNOWN, "faint"),
}
"""State of a stage -> glyph and style. Each differs by glyph and word too, for screens without colours."""

WORDS = {
    "timed_out": "timed out",
    # Many endpoints answer the request with their first token only: whether the line stands nobody knows.
    "connecting": "waiting for the endpoint",
    "waiting": "waiting for the first token",
}

HINTS = {
    "generator": ("Writes the first answer.",),
    "refiner": ("Reworks the draft", "and says what it changed."),
    "validator": ("Checks the text:", "ACCEPT, REVISE or ABSTAIN."),
    "curator": ("Decides, and gives", "the final answer."),
}
LANE_FROM = 76
LANE_LEAST, LANE_MOST = 12, 40
"""Columns of a pane whose lower edge may hold a lane, and of the lane itself."""
WORDS_FROM = 34
"""Columns of a pane that has room for words of the program's own."""
PIPELINE = ("generator", "refiner", "validator", "curator")


class Gauge:
    """A figure with the name of its source: no gauge without one."""

    __slots__ = ("help", "id", "label", "rank")

    def __init__(self, id: str, label: str, rank: int, help: str) -> None:
        self.id = id
        self.label = label
        self.rank = rank
        """The highest is left out first where there is no room."""
        self.help = help
        """What it is and where it comes from."""


FIGURES = (
    Gauge("ttft", "ttft", 3, "Time from the request to the first text or reasoning, by the core's clock."),
    Gauge(
        "rate",
        "tok/s",
        1,
        "The tokens over the time from first to last chunk; chunks/s while no usage report says the tokens.",
    ),
    Gauge(
        "tokens",
        "tokens",
        0,
        "By the provider's usage report; ~ counted by a tokenizer or estimated; chunks while neither is there.",
    ),
    Gauge("cost", "$", 2, "The provider's report, else list price x usage."),
)
"""What stands in a pane's lower edge, of its latest call."""
BESIDE = (
    ("elapsed", "At the right: time of the call, by the core's clock."),
    (
        "text ▁▄█",
        "The lane: bytes of text over the run's time, by the core from the log; its peak is the stream's own.",
    ),
)
"""Name and source of what stands beside the figures."""


class PaneFacts:
    """What a stage's chrome says; a `None` is unknown and shown as such."""

    __slots__ = (
        "cost",
        "elapsed",
        "focused",
        "lane",
        "lane_end",
        "model",
        "note",
        "number",
        "place",
        "rate",
        "role",
        "state",
        "tokens",
        "ttft",
        "verdict",
        "words",
    )  # fmt: skip

    def __init__(
        self,
        number: int,
        role: str,
        *,
        model: str | None = None,
        state: str = "idle",
        note: str = "",
        ttft: str | None = None,
        rate: str | None = None,
        tokens: str | None = None,
        cost: str | None = None,
        elapsed: str | None = None,
        verdict: str = "",
        words: tuple[str, ...] = (),
        place: str = "",
        lane: Sequence[int] = (),
        lane_end: str | None = None,
        focused: bool = False,
    ) -> None:
        self.number = number
        self.role = role
        self.model = model
        self.state = state
        """A key of `STATES`."""
        self.note = note
        """A few words on the state, such as the kind of an error or the wait before a retry."""
        self.ttft = ttft
        """This and the figures that follow are ready to read, `rate` and `tokens` with what they count."""
        self.rate = rate
        self.tokens = tokens
        self.cost = cost
        self.elapsed = elapsed
        self.verdict = verdict
        self.words = words
        """What went wrong and what to do: in the middle of a pane that has no text, else beneath the text. While
        there are none, what the role is for stands in an empty pane."""
        self.place = place
        """Where in the text the pane stands; empty while it follows the end."""
        self.lane = lane
        """Bytes of text by time, from the run's start to `lane_end`; empty while that is unknown."""
        self.lane_end = lane_end
        self.focused = focused


def box(focused: bool) -> tuple[str, str]:
    """Corners and edges (top left, horizontal, top right, vertical, bottom left, bottom right), and their style.

    A focused box is heavier, so that focus is seen without colours.
    """
    return ("┏━┓┃┗┛", "border.focus") if focused else ("╭─╮│╰╯", "border")


def pane_top(facts: PaneFacts, width: int) -> Line:
    edges, border = box(facts.focused)
    left: list[Piece] = [(edges[0] + edges[1] + " ", border), *_name(facts), (" ", border)]
    right: list[Piece] = [(" ", border), *_state(facts), (" " + edges[1] + edges[2], border)]
    room = width - measure(left) - measure(right) - 4
    if facts.model and room >= 4:
        left += [("· ", "faint"), (cut(facts.model, room), "muted"), (" ", border)]
    return fit(left, right, width, (edges[1], border))


def lane_fits(width: int) -> bool:
    """Whether a pane that wide has room for a lane in its lower edge."""
    return width >= LANE_FROM


def lane_row(facts: PaneFacts, width: int) -> Line:
    """The lane in a row of its own: the run's time from end to end."""
    from hive_tui.tui.lane import blocks

    head, tail = "text ", f" {facts.lane_end or UNKNOWN}"
    room = width - len(head) - width_of(tail)
    if not facts.lane or room < LANE_LEAST:
        return fit([(head + UNKNOWN, "faint")], [], width, (" ", "ground"))
    return ((head, "faint"), (blocks(facts.lane, room), role_style(facts.role)), (tail, "muted"))


def pane_bottom(facts: PaneFacts, width: int, lane: bool = True) -> Line:
    """The lower edge; `lane` is whether the lane may stand in it, where there is room beside the figures."""
    edges, border = box(facts.focused)
    ends: list[Piece] = []
    if facts.place:
        ends = [(f" {facts.place} · End follows ", "warn")]
    elapsed = facts.elapsed or UNKNOWN
    started = facts.state not in ("idle", "waiting for its turn", "skipped")
    if started and not facts.place:
        ends = [(f" {elapsed} ", "muted")]
    room = width - 4 - sum(width_of(text) for text, _ in ends)
    figures = choose(_figures(facts), room - 3, (" · ", "faint")) if started else []
    left: list[Piece] = [(edges[4] + edges[1], border)]
    if figures:
        left += [(" ", border), *figures, (" ", border)]
    free = width - measure(left) - measure(ends) - 6
    if lane and facts.lane and lane_fits(width) and free >= LANE_LEAST:
        from hive_tui.tui.lane import blocks

        lane_text = blocks(facts.lane, min(free, LANE_MOST)).replace(" ", edges[1])
        ends.insert(0, (f" {lane_text} ", role_style(facts.role)))
    return fit(left, [*ends, (edges[1] + edges[5], border)], width, (edges[1], border))


def pane_line(facts: PaneFacts, width: int) -> Line:
    """The whole chrome of a pane that has room for one line."""
    return fit([*_name(facts), (" ", "ground")], _state(facts), width, (" ", "ground"))


def pane_side(facts: PaneFacts, width: int, inner: Line = ()) -> Line:
    """A row between top and bottom; `inner` is centred."""
    edges, border = box(facts.focused)
    free = max(0, width - 2 - sum(width_of(text) for text, _ in inner))
    before = free // 2
    middle = ((" " * before, "ground"), *inner, (" " * (free - before), "ground"))
    return ((edges[3], border), *middle, (edges[3], border))


def hint(role: str) -> tuple[str, ...]:
    """What an empty pane says."""
    return HINTS.get(role, ())


def words_below(facts: PaneFacts, width: int, height: int, laned: bool) -> tuple[str, ...]:
    """What stands beneath the text of a boxed pane, in half of its rows at most: what to do is kept longest."""
    room = (height - 2 - laned) // 2
    return facts.words[-room:] if room > 0 and width >= WORDS_FROM else ()


def pane_rows(facts: PaneFacts, width: int, height: int, boxed: bool, empty: bool, laned: bool = False) -> list[Line]:
    """All rows of a pane but its text; `laned` is whether the last row above the lower edge is the lane's."""
    if not boxed or width < 8 or height < 3:
        return [pane_line(facts, width), *[(((" " * width), "ground"),)] * (height - 1)]
    words, style = (facts.words, "bad") if facts.words else (hint(facts.role), "faint")
    words = words[: height - 2] if empty and height >= 4 and width >= WORDS_FROM else ()
    start = (height - 2 - len(words)) // 2
    rows = [pane_top(facts, width)]
    for row in range(height - 2):
        at = row - start
        rows.append(pane_side(facts, width, ((cut(words[at], width - 4), style),) if 0 <= at < len(words) else ()))
    below = () if empty else words_below(facts, width, height, laned)
    for row, said in enumerate(below, height - 1 - laned - len(below)):
        rows[row] = pane_side(facts, width, fit([(f" {said}", "bad")], [], width - 2, (" ", "ground")))
    if laned:
        rows[-1] = pane_side(facts, width, lane_row(facts, width - 4))
    rows.append(pane_bottom(facts, width, not laned))
    return rows


def box_rows(title: Line, width: int, height: int, focused: bool, bottom: Line = ()) -> list[Line]:
    """An empty box with a title in its upper edge and, at the right, words in its lower one."""
    edges, border = box(focused)
    side: Line = ((edges[3], border), (" " * (width - 2), "ground"), (edges[3], border))
    top = fit([(edges[0] + edges[1], border), *title], [(edges[2], border)], width, (edges[1], border))
    low = fit([(edges[4], border)], [*bottom, (edges[1] + edges[5], border)], width, (edges[1], border))
    return [top, *[side] * (height - 2), low]


def answer_rows(caption: str, width: int, height: int, boxed: bool, focused: bool, below: int) -> list[Line]:
    """All rows of the answer's pane but its text. `caption` is by what right it won, `below` counts rows under it."""
    title: Line = ((" ANSWER ", "role"), *(((f"· {caption} ", "muted"),) if caption else ()))
    if not boxed or width < 8 or height < 3:
        return [fit(title, [], width, (" ", "ground")), *[((" " * width, "ground"),)] * (height - 1)]
    more: Line = ((f" ↓ {below:,} more row{'s' if below > 1 else ''} ", "muted"),) if below else ()
    return box_rows(title, width, height, focused, more)


def tabs(panes: Sequence[PaneFacts], active: int, answer: bool, width: int) -> Line:
    """One tab a pane, and one for the answer when there is one; `active` -1 is the answer."""
    out: list[Piece] = []
    short = width < 14 * (len(panes) + answer)
    for index, facts in enumerate(panes):
        glyph, style = STATES[facts.state]
        on = index == active
        name = facts.role[:3] if short else facts.role.capitalize()
        ground = "tab.active" if on else "tab"
        out += [(f" {facts.number} {name} ", ground), (glyph + " ", ground if on else _tab_style(style))]
    if answer:
        out.append((" 0 Ans " if short else " 0 Answer ", "tab.active" if active == -1 else "tab"))
    return fit(out, [], width, (" ", "tab"))


def _tab_style(style: str) -> str:
    return f"tab.{style}" if style in ("good", "warn", "bad", "live") else "tab"


def role_style(role: str) -> str:
    return role if role in HINTS else "role"


def _name(facts: PaneFacts) -> list[Piece]:
    return [(f"{facts.number} ", "muted"), (facts.role.upper(), role_style(facts.role))]


def _state(facts: PaneFacts) -> list[Piece]:
    glyph, style = STATES[facts.state]
    word = WORDS.get(facts.state, facts.state)
    if facts.verdict:
        word = facts.verdict
    if facts.note:
        word = f"{word} · {facts.note}"
    return [(f"{glyph} ", style), (cut(word, 40), style if style != "faint" else "muted")]


def _figures(facts: PaneFacts) -> list[tuple[int, Line]]:
    """Figures with what they count; an unknown one says what it would be."""
    shown: list[tuple[int, Line]] = []
    for figure, value in zip(FIGURES, (facts.ttft, facts.rate, facts.tokens, facts.cost), strict=True):
        head = f"{figure.label} " if figure.id == "ttft" else ""
        unit = "" if head else f" {figure.label}"
        shown.append(
            (figure.rank, ((head, "faint"), (value, "text")) if value else ((head + UNKNOWN + unit, "faint"),))
        )
    return shown
