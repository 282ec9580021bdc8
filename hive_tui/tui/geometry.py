"""Where everything stands, from the terminal's size and what is shown.

One pure function for the raw first frame and for Textual, so that both agree by construction. It stands on the
start-up path: it imports nothing, and a rectangle is a plain tuple.
"""

from __future__ import annotations

Rect = tuple[int, int, int, int]
"""x, y, width and height in cells."""

WIDE = 100
"""Columns from which two panes stand side by side."""
PANE_ROWS = 5
"""Fewest rows at which a pane of a grid still says something: two of chrome, three of text."""
LANE_ROWS = 8
"""Rows from which a maximised pane has one for its lane."""
STACK_ROWS = 7
TIMELINE_FROM = 36
"""Rows of a terminal that has the timeline always; a smaller one while someone travels."""
ANSWER_ROWS = 8
QUESTION_MAX = 8
ANSWER = -1
"""The index of the answer where a pane's index is asked for."""


class View:
    """What the person chose to see."""

    __slots__ = ("active", "answer", "answer_rows", "maximised", "offers", "question_lines", "stages", "timeline")

    def __init__(
        self,
        stages: int = 4,
        active: int = 0,
        maximised: bool = False,
        question_lines: int = 1,
        answer: bool = False,
        answer_rows: int | None = None,
        offers: int = 0,
        timeline: str = "",
    ) -> None:
        self.stages = stages
        self.active = active
        """The pane that is seen where only one can be; `ANSWER` for the answer."""
        self.maximised = maximised
        self.question_lines = question_lines
        """Rows that the question's text asks for."""
        self.answer = answer
        self.answer_rows = answer_rows
        """Rows that the answer's text takes; `None` while nobody knows."""
        self.offers = offers
        """Rows of offers, such as keys that were found."""
        self.timeline = timeline
        """Empty without a run; `there` for one that is seen where there is room, `used` for one that someone uses."""


class Geometry:
    """Named rectangles. A name that is missing is not shown; no two rectangles of one level overlap."""

    __slots__ = ("boxed", "mode", "parts")

    def __init__(self, mode: str, boxed: bool, parts: dict[str, Rect]) -> None:
        self.mode = mode
        """`grid`, `stack` or `solo` (one pane or the answer, with tabs above when there is a choice)."""
        self.boxed = boxed
        """Whether panes and the question line have borders."""
        self.parts = parts
        """`header`, `tabs`, `pane.N`, `body.N`, `lane.N`, `answer`, `answer.body`, `timeline`, `gauges`, `offers`,
        `question`, `question.body`, `status` and `footer`."""


def arrange(width: int, height: int, view: View) -> Geometry:
    """Place everything on a terminal of that size; sizes down to 1x1 give something that fits."""
    width, height = max(1, width), max(1, height)
    boxed = width >= 24 and height >= 12
    parts: dict[str, Rect] = {}

    # What is given up first as the terminal shrinks stands last in this list.
    rows_left = height - 1
    lines = {"question": 1}
    for name, needs in (("status", 3), ("header", 5), ("footer", 8), ("gauges", 10)):
        if height >= needs:
            lines[name] = 1
            rows_left -= 1
    if boxed and height >= 16:
        lines["question"] += 2
        rows_left -= 2
    if height >= 12:
        offers = min(view.offers, 2)
        more = min(max(0, view.question_lines - 1), QUESTION_MAX - 1, max(0, rows_left - offers - 6))
        more = more if lines["question"] == 3 else 0
        lines["question"] += more
        lines["offers"] = offers
        rows_left -= more + offers

    if view.timeline == "used" or (view.timeline and height >= TIMELINE_FROM):
        lines["timeline"] = min(timeline_rows(height), max(0, rows_left - 6))
        rows_left -= lines["timeline"]
    top = lines.get("header", 0)
    if top:
        parts["header"] = (0, 0, width, 1)
    mode = _content(parts, (0, top, width, max(0, rows_left)), view, boxed)

    y = top + max(0, rows_left)
    for name in ("timeline", "gauges", "offers", "question", "status", "footer"):
        rows = lines.get(name, 0)
        if rows and y + rows <= height:
            parts[name] = (0, y, width, rows)
            y += rows
    if "question" in parts:
        parts["question.body"] = question_body_of(parts["question"])
    return Geometry(mode, boxed, parts)


def timeline_rows(height: int) -> int:
    """Rows of the timeline on a terminal of that height."""
    return next(
        rows for least, rows in ((44, 8), (36, 6), (28, 5), (22, 4), (18, 3), (14, 2), (0, 1)) if height >= least
    )


def _content(parts: dict[str, Rect], area: Rect, view: View, boxed: bool) -> str:
    x, y, width, height = area
    count = max(1, view.stages)
    columns = 2 if width >= WIDE and count > 1 else 1
    rows = -(-count // columns)
    needed = rows * (PANE_ROWS if columns > 1 else STACK_ROWS if count > 1 else PANE_ROWS)
    room = height - needed
    if view.maximised or room < 0 or (view.answer and room < ANSWER_ROWS):
        return _solo(parts, area, view, boxed)
    grid_height = height
    if view.answer:
        grid_height = max(needed, min(height - ANSWER_ROWS, height * 9 // 20))
        if view.answer_rows is not None:
            grid_height = max(grid_height, height - max(PANE_ROWS, view.answer_rows + 2))
        _box(parts, "answer", "answer.body", (x, y + grid_height, width, height - grid_height), boxed)
    index = 0
    for row in range(rows):
        in_row = min(columns, count - index)
        pane_y = y + grid_height * row // rows
        pane_height = y + grid_height * (row + 1) // rows - pane_y
        for column in range(in_row):
            pane_x = x + width * column // in_row
            pane_width = x + width * (column + 1) // in_row - pane_x
            _box(parts, f"pane.{index}", f"body.{index}", (pane_x, pane_y, pane_width, pane_height), boxed)
            index += 1
    return "grid" if columns > 1 else "stack"


def _solo(parts: dict[str, Rect], area: Rect, view: View, boxed: bool) -> str:
    x, y, width, height = area
    if height >= 3 and (view.stages > 1 or view.answer):
        parts["tabs"] = (x, y, width, 1)
        y, height = y + 1, height - 1
    if height:
        index = view.active if ANSWER <= view.active < max(1, view.stages) else 0
        if index == ANSWER and not view.answer:
            index = 0
        name, body = ("answer", "answer.body") if index == ANSWER else (f"pane.{index}", f"body.{index}")
        _box(parts, name, body, (x, y, width, height), boxed)
        if view.maximised and boxed and index != ANSWER and height >= LANE_ROWS:
            parts[body], parts[f"lane.{index}"] = split_lane(parts[body])
    return "solo"


def _box(parts: dict[str, Rect], name: str, body: str, rect: Rect, boxed: bool) -> None:
    parts[name] = rect
    parts[body] = body_of(rect, boxed)


def body_of(rect: Rect, boxed: bool) -> Rect:
    """Where the text of a pane stands within it."""
    x, y, width, height = rect
    if boxed and width >= 8 and height >= 3:
        pad = 2 if width >= 40 else 1
        return (x + pad, y + 1, width - 2 * pad, height - 2)
    return (x, y + 1, width, height - 1) if height >= 2 else rect


def split_lane(body: Rect) -> tuple[Rect, Rect]:
    """A body less its last row, and that row, in which the lane stands."""
    x, y, width, height = body
    return (x, y, width, height - 1), (x, y + height - 1, width, 1)


def question_body_of(rect: Rect) -> Rect:
    """Where the question's text stands: beside the prompt, within the box when there is one."""
    x, y, width, height = rect
    if height >= 3 and width >= 24:
        return (x + 4, y + 1, width - 6, height - 2)
    return (x + 2, y, width - 2, height) if width > 4 else rect
