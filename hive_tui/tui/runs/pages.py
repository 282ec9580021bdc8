"""Which of the runs are known, and where one is among them: a list of any length is held by its pages. Pure."""

from __future__ import annotations

from hive_tui.core.run_commands import RunRow, RunsPage

PAGE = 100
"""Rows that are asked for at a time."""
KEPT = 2000
"""Rows that are held; a page more is let go with all others but those around the newest."""


class RunPages:
    def __init__(self) -> None:
        self.total = 0
        self.rows: dict[int, RunRow] = {}
        """By number from the top, 0 and up."""
        self.cursor = 0
        self.top = 0
        """The first row that is seen."""
        self._run = ""
        """The run at the cursor: what comes above it does not move one away from it."""

    @property
    def current(self) -> RunRow | None:
        return self.rows.get(self.cursor)

    def begin(self) -> None:
        """Another list: from its top."""
        self.rows.clear()
        self.total = self.cursor = self.top = 0
        self._run = ""

    def take(self, page: RunsPage) -> None:
        fresh = dict(enumerate(page.rows, page.first))
        moved = page.total != self.total or any(
            self.rows[at].summary.run != row.summary.run for at, row in fresh.items() if at in self.rows
        )
        if moved or len(self.rows) > KEPT:
            self.rows.clear()
        self.rows.update(fresh)
        self.total = page.total
        now = self.rows.get(self.cursor)
        if self._run and (now is None or now.summary.run != self._run):
            at = next((at for at, row in fresh.items() if row.summary.run == self._run), None)
            if at is not None:
                self.top = max(0, self.top + at - self.cursor)
                self.cursor = at
        self.cursor = max(0, min(self.cursor, self.total - 1))
        self._hold()

    def move(self, to: int, height: int) -> None:
        """Put the cursor on a row, and that row among the `height` that are seen."""
        self.cursor = max(0, min(to, self.total - 1))
        self.show(height)
        self._hold()

    def show(self, height: int) -> None:
        height = max(1, height)
        self.top = min(max(self.top, self.cursor - height + 1), self.cursor)
        self.top = max(0, min(self.top, self.total - height))

    def follow(self, run: str) -> None:
        """Put the cursor on that run as soon as a page tells where it is."""
        self._run = run

    def _hold(self) -> None:
        row = self.current
        if row is not None:
            self._run = row.summary.run

    def missing(self, height: int) -> int | None:
        """Where the next page to ask for begins; `None` when all that is seen is known."""
        for at in range(self.top, min(self.top + height, self.total)):
            if at not in self.rows:
                return at - at % PAGE
        return None

    def page_in_sight(self) -> int:
        """Where the page begins that is to be asked for again."""
        return self.cursor - self.cursor % PAGE
