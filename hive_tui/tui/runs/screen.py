"""The runs screen: the recorded runs, the newest first; find, open, compare, mark, delete and bring back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

import msgspec
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.layout import Layout
from textual.screen import ModalScreen
from textual.widget import Widget

from hive_tui.core.commands import Command, Refused, Reply
from hive_tui.core.run_commands import DeleteRun, ListRuns, MarkRun, RestoreRun, RunCommand, RunsPage
from hive_tui.tui import bars
from hive_tui.tui.bindings import bindings_of
from hive_tui.tui.facts import one_line
from hive_tui.tui.geometry import Rect
from hive_tui.tui.layout import PlacedLayout
from hive_tui.tui.lines import Line, Piece, fit
from hive_tui.tui.runs.pages import PAGE, RunPages
from hive_tui.tui.runs.rows import details
from hive_tui.tui.widgets.bar import Bar
from hive_tui.tui.widgets.question_line import QuestionLine, Told
from hive_tui.tui.widgets.run_list import RunList

Query = Callable[[Command, Callable[[Reply | None], None]], None]
AGAIN_S = 1.0
"""How often the core is asked for what is seen: runs begin, end and are deleted by others meanwhile."""
HINT = "words, or outcome:errored model:NAME cost>0.05 took>30s age<7d is:marked"
DIED = "the core process died: F5 on the screen starts a new one; `hive runs` lists the runs without it"


class Chosen(msgspec.Struct, frozen=True):
    """What the person wants to see: one run, or two side by side."""

    runs: tuple[str, ...]


class RunsScreen(ModalScreen[Chosen | None]):
    """Gives what was chosen, or `None`."""

    AUTO_FOCUS = "RunList"
    DEFAULT_CSS = """
    RunsScreen {
        overflow: hidden hidden;
        background: $background;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_of("runs"),
        Binding("f1,question_mark", "help", show=False),
        Binding("ctrl+q", "app.quit", show=False),
    ]

    def __init__(self, query: Query) -> None:
        super().__init__()
        self._query = query
        self._pages = RunPages()
        self._selected: list[str] = []
        self._deleted: list[str] = []
        self._tree = False
        self._text = ""
        self._asking = self._again = False
        self._thorough = True
        self._page: RunsPage | None = None
        self._said: Piece = ("", "muted")
        self._fault = ""
        """Why there is no list of what is asked for."""
        self.list = RunList(self._pages, self._selected, self._moved)
        self.line = QuestionLine(invitation=False)
        self.line.part = "line"
        self.line.told = self._told
        self._head = Bar("head", self._head_lines)
        self._filter = Bar("filter", self._filter_lines)
        self._details = Bar("details", lambda w, h: self._detail_lines(w, h))
        self._footer = Bar("footer", lambda w, _h: [bars.footer("runs" if self.list.has_focus else "filter", w)])
        self._placed = PlacedLayout(self._place)

    @property
    def layout(self) -> Layout:
        return self._placed

    def compose(self) -> Iterable[Widget]:
        yield from (self._head, self._filter, self.line, self.list, self._details, self._footer)

    def on_mount(self) -> None:
        self.set_interval(AGAIN_S, self._ask)
        self._ask()

    def on_descendant_focus(self) -> None:
        self.call_after_refresh(self._update)

    def _place(self, size: Size) -> dict[str, Rect]:
        width, height = size.width, size.height
        low = max(0, min(12, (height - 8) // 3))
        places = {"head": (0, 0, width, 1), "footer": (0, height - 1, width, 1)}
        if height > 3:
            places["filter"] = (0, 1, width, 1)
            places["line"] = (3, 1, max(1, width - 3), 1)
        top = 2 if height > 3 else 1
        places["list"] = (0, top, width, max(1, height - top - 1 - low))
        if low:
            places["details"] = (0, height - 1 - low, width, low)
        return places

    # What the core tells

    def _ask(self, first: int | None = None) -> None:
        """Ask for a page; one question at a time, the newest wish last."""
        if self._asking:
            self._again = True
            return
        self._asking, self._again = True, False
        asked = (self._text, self._tree)
        begin = self._pages.page_in_sight() if first is None else first
        command = ListRuns(self._text, begin, PAGE, self._tree, self._thorough)
        self._thorough = False
        self._query(command, lambda reply: self._take(asked, reply))

    def _take(self, asked: tuple[str, bool], reply: Reply | None) -> None:
        if not self.is_attached:
            return
        self._asking = False
        if asked == (self._text, self._tree):
            if isinstance(reply, RunsPage):
                self._page = reply
                self._pages.take(reply)
                self._fault = ""
            else:
                self._fault = one_line(reply.error.message) if isinstance(reply, Refused) else DIED
        self._update()
        missing = self._pages.missing(self.list.height)
        if self._again:
            self._ask()
        elif missing is not None and isinstance(reply, RunsPage):
            self._ask(missing)

    def _change(self, command: RunCommand, done: Callable[[], None]) -> None:
        """Have the core change something, then list anew."""

        def take(reply: Reply | None) -> None:
            if not self.is_attached:
                return
            if reply is None or isinstance(reply, Refused):
                self._say(DIED if reply is None else reply.error.message, "bad")
            else:
                done()
            self._ask()

        self._query(command, take)

    def _moved(self) -> None:
        self._head.update()
        self._details.update()
        missing = self._pages.missing(self.list.height)
        if missing is not None:
            self._ask(missing)

    def _begin(self) -> None:
        """Another list is wanted."""
        self._pages.begin()
        self._page = None
        self._said = ("", "muted")
        self._ask()
        self._update()

    # The line

    def _told(self, line: QuestionLine, what: Told) -> None:
        match what:
            case Told.CHANGED:
                text = " ".join(line.editor.value.split("\n")).strip()
                if text != self._text:
                    self._text = text
                    self._begin()
            case Told.OLDER:
                return
            case _:
                self.list.focus(scroll_visible=False)

    def action_filter_runs(self) -> None:
        self.line.focus(scroll_visible=False)

    # The list

    def action_run_up(self) -> None:
        self.list.go(self._pages.cursor - 1)

    def action_run_down(self) -> None:
        self.list.go(self._pages.cursor + 1)

    def action_runs_up(self) -> None:
        self.list.go(self._pages.cursor - self.list.height)

    def action_runs_down(self) -> None:
        self.list.go(self._pages.cursor + self.list.height)

    def action_newest_run(self) -> None:
        self.list.go(0)

    def action_oldest_run(self) -> None:
        self.list.go(self._pages.total - 1)

    def action_open_chosen(self) -> None:
        run = self._pages.current
        if run is not None:
            if run.fault:
                self._say(f"it cannot be read: {run.fault}", "bad")
            else:
                self.dismiss(Chosen((run.summary.run,)))

    def action_select_run(self) -> None:
        run = self._pages.current
        if run is None:
            return
        if run.summary.run in self._selected:
            self._selected.remove(run.summary.run)
        else:
            self._selected.append(run.summary.run)
            del self._selected[:-2]
        self._say("d compares the two" if len(self._selected) == 2 else "select another to compare them", "muted")
        self.action_run_down()

    def action_compare_selected(self) -> None:
        runs = list(self._selected)
        here = self._pages.current
        if len(runs) == 1 and here is not None and here.summary.run not in runs:
            runs.append(here.summary.run)
        if len(runs) < 2:
            self._say("Space selects; two are compared", "warn")
        else:
            self.dismiss(Chosen((runs[0], runs[1])))

    def action_mark_run(self) -> None:
        run = self._pages.current
        if run is not None:
            said = "no longer marked" if run.marked else "marked: no limit takes it, and it is not deleted"
            command = MarkRun(run.summary.run, not run.marked)
            self._change(command, lambda: self._say(f"{run.summary.run[:12]} {said}", "muted"))

    def action_delete_run(self) -> None:
        run = self._pages.current
        if run is None:
            return
        name = run.summary.run

        def done() -> None:
            self._deleted.append(name)
            if name in self._selected:
                self._selected.remove(name)
            self._say(f"{name[:12]} is in the trash: u brings it back", "warn")

        self._change(DeleteRun(name), done)

    def action_undo_delete(self) -> None:
        if not self._deleted:
            self._say("nothing was deleted here; `hive runs trash` lists what was", "muted")
            return
        name = self._deleted[-1]

        def done() -> None:
            self._deleted.remove(name)
            self._pages.follow(name)
            self._say(f"{name[:12]} is back", "muted")

        self._change(RestoreRun(name), done)

    def action_tree(self) -> None:
        self._tree = not self._tree
        self._begin()
        self._say("forks stand below what they were forked from" if self._tree else "the newest first", "muted")

    def action_leave_runs(self) -> None:
        self.dismiss(None)

    def action_help(self) -> None:
        from hive_tui.tui.help import HelpScreen

        self.app.push_screen(HelpScreen("runs"))

    # Lines

    def _say(self, words: str, style: str) -> None:
        self._said = (one_line(words), style)
        self._update()

    def _update(self) -> None:
        for bar in (self._head, self._filter, self.list, self._details, self._footer):
            bar.update()

    def _head_lines(self, width: int, _height: int) -> list[Line]:
        page = self._page
        state = "…"
        if page is not None:
            state = f"{self._pages.cursor + 1 if page.total else 0:,} of {page.total:,}"
            if page.behind:
                state += f" · {page.behind:,} still to be looked at"
            elif page.unread and self._text:
                state += f" · {page.unread:,} texts still to be read"
        words, style = (self._fault, "bad") if self._fault else self._said
        if not words and page is not None and page.problem:
            words, style = f"not kept: {page.problem}", "warn"
        if not words and self.line.has_focus and not self._text:
            words = HINT
        shown = {"muted": "header.muted", "warn": "header", "bad": "header"}[style]
        left: list[Piece] = [(" Runs ", "header.name"), (f"{state}  ", "header")]
        sign = "! " if style == "bad" else ""
        return [fit([*left, (sign + words, shown)], [], width, (" ", "header"))]

    def _filter_lines(self, width: int, _height: int) -> list[Line]:
        return [fit([(" / ", "prompt")], [], width, (" ", "ground"))]

    def _detail_lines(self, width: int, height: int) -> list[Line]:
        edge: Line = (("─" * width, "border"),)
        current = self._pages.current
        if current is None and self._page is not None and not self._page.total:
            empty = "no run fits" if self._text else "nothing has been recorded yet"
            return [edge, ((f" {empty}".ljust(width), "muted"),)]
        lines = details(current, max(1, width - 2), height - 1)
        return [edge, *(fit([(" ", "ground"), *line], [], width, (" ", "ground")) for line in lines)]
