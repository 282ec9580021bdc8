# ruff: noqa: E501 - a table is read by its rows
"""Every action once: its keys, where they hold, its words, and how to get the same without a screen.

Bindings, footer, help screen, palette and the table of the README are made from this table. It stands on the start-up
path (the raw first frame paints the footer), so it imports nothing.
"""

from __future__ import annotations


class Action:
    """One thing that a person can do."""

    __slots__ = ("footer", "help", "id", "keys", "label", "palette", "scope", "without_screen")

    def __init__(
        self,
        id: str,
        keys: str,
        scope: str,
        label: str,
        help: str,
        without_screen: str,
        *,
        footer: int = 0,
        palette: bool = True,
    ) -> None:
        self.id = id
        """Also the name of the method: `action_<id>` of the screen, the pane, the answer or the question line."""
        self.keys = keys
        """Comma-separated, in Textual's names; the first is the one that is shown."""
        self.scope = scope
        """`app` holds everywhere; `question`, `pane` (a stage's), `text` (a stage's pane or the answer), `timeline`, `time` (all of these),
        `search`, `settings` and `dialog` (go to, break points, markers) where the focus is."""
        self.label = label
        self.help = help
        self.without_screen = without_screen
        """The headless way to the same; empty for what only a screen has."""
        self.footer = footer
        """Rank in the footer: the lowest is kept longest as the terminal narrows; 0 is not shown there."""
        self.palette = palette
        """Whether it makes sense when it is chosen from the palette."""


ACTIONS = (
    Action("send", "enter", "question", "send", "Ask the council; the focus stays in the line.", "hive ask QUESTION", footer=1),
    Action("newline", "ctrl+j", "question", "new line", "Start a new line in the question.", "hive ask - < FILE", footer=4, palette=False),
    Action("leave", "escape", "question", "cancel / leave", "Cancel the live run; without one, leave the line for the panes.", "SIGINT (Ctrl+C) to `hive ask`", footer=2, palette=False),
    Action("older", "up", "question", "older question", "On the first row: the question before, from the history.", "hive runs", palette=False),
    Action("newer", "down", "question", "newer question", "On the last row: the question after.", "hive runs", palette=False),
    Action("clear", "ctrl+u", "question", "clear", "Clear the line; Ctrl+_ brings it back.", "", palette=False),
    Action("undo", "ctrl+underscore", "question", "undo", "Bring back what the line was before.", "", palette=False),
    Action("next_pane", "tab", "app", "panes", "Walk on to the next pane, and at the end back to the question.", "", footer=3, palette=False),
    Action("previous_pane", "shift+tab", "app", "previous pane", "Walk to the pane before.", "", palette=False),
    Action("question", "i,enter", "time", "question", "Back to the question line.", "", footer=10, palette=False),
    Action("leave_pane", "escape", "time", "leave", "From another run, or the past, to the present; there, cancel the live run; without one, back to the question line.", "SIGINT (Ctrl+C) to `hive ask`", palette=False),
    Action("maximise", "m,f4", "text", "maximise", "Give the pane the whole screen, with its text's lane over the run's time; and back.", "hive runs show RUN", footer=4),
    Action("search", "slash", "text", "search", "Search the pane's text; Enter goes on, Escape ends it.", "hive runs show RUN | grep TEXT", footer=5),
    Action("next_match", "n", "text", "next match", "Go to the next match, round the text's end.", "", palette=False),
    Action("previous_match", "N,shift+n", "text", "previous match", "Go to the match before.", "", palette=False),
    Action("copy", "c,ctrl+c", "text", "copy", "Copy the selection, or else the pane's whole text.", "hive runs show RUN", footer=8),
    Action("settings", "s", "pane", "model", "Change the stage's model, fallback and temperature for the next run.", "hive ask --model STAGE=NAME", footer=2),
    Action("retry", "r", "pane", "retry", "Give up this stage's live call and make it again.", "hive ask QUESTION", footer=12),
    Action("cancel_stage", "x", "pane", "cancel", "Cancel this stage's call; its text is kept.", "SIGINT (Ctrl+C) to `hive ask`", footer=11),
    Action("next_match", "enter", "search", "next match", "Go to the next match.", "", footer=1, palette=False),
    Action("end_search", "escape", "search", "end search", "Back to the pane.", "", footer=2, palette=False),
    Action("take_model", "tab", "settings", "take", "Take the marked model; without a mark, on to the next field.", "", palette=False),
    Action("next_model", "down", "settings", "next model", "Mark the next of the models that fit what is typed.", "", palette=False),
    Action("previous_model", "up", "settings", "previous model", "Mark the one before.", "", palette=False),
    Action("save", "enter", "settings", "save", "Take the marked model; without a mark, save for the next run.", "hive ask --model STAGE=NAME", palette=False),
    Action("dismiss", "escape", "settings", "leave", "Leave the settings as they were.", "", palette=False),
    Action("next_row", "down", "dialog", "next", "Mark the next of the list.", "", palette=False),
    Action("previous_row", "up", "dialog", "previous", "Mark the one before.", "", palette=False),
    Action("accept", "enter", "dialog", "go / set", "Go to the place, set the break point or the marker; with a mark, take what is marked.", "hive replay RUN --until PLACE", palette=False),
    Action("remove_row", "ctrl+r", "dialog", "remove", "Remove what is marked.", "hive mark RUN --remove NAME", palette=False),
    Action("leave_dialog", "escape", "dialog", "leave", "Leave; a search that goes on is given up.", "", palette=False),
    Action("page_up", "pageup", "text", "page up", "Scroll up; also ↑ by a row and Ctrl+Home to the text's start.", "", palette=False),
    Action("page_down", "pagedown", "text", "page down", "Scroll down; also ↓ by a row and Ctrl+End to follow the text's end.", "", palette=False),
    Action("pane_1", "alt+1", "text", "pane 1", "Go to the first pane; Alt+2, 3 and 4 to the others, Alt+0 to the answer.", "", palette=False),
    Action("back", "left", "time", "back", "Rewind, and on to the timeline; the run goes on and is recorded. A key held goes on rewinding.", "hive replay RUN --until PLACE", footer=1),
    Action("forward", "right", "time", "forward", "Forward; at the newest moment one is in the present again.", "hive replay RUN --until PLACE", palette=False),
    Action("run_end", "end", "time", "present", "Back to the present, or a past run's end; in a pane that was scrolled, first to its text's end.", "hive replay RUN --until end", footer=2),
    Action("run_start", "home", "time", "start", "To the run's first event.", "hive replay RUN --until start"),
    Action("play", "space", "time", "play", "Play or pause; live, it stops at the moment.", "hive replay RUN", footer=4),
    Action("event_back", "comma", "time", "event back", "One event back.", "hive replay RUN --until event:N", palette=False),
    Action("event_forward", "full_stop", "time", "event forward", "One event forward.", "hive replay RUN --until event:N", palette=False),
    Action("chunk_back", "less_than_sign", "time", "chunk back", "One chunk back: a piece of text as the provider sent it, mostly a token.", "hive replay RUN --until chunk:N", palette=False),
    Action("chunk_forward", "greater_than_sign", "time", "chunk forward", "One chunk forward.", "hive replay RUN --until chunk:N", palette=False),
    Action("shuttle_back", "j", "time", "play backwards", "Play backwards; again, faster.", "", palette=False),
    Action("hold", "k", "time", "pause", "Pause.", "", palette=False),
    Action("shuttle_forward", "l", "time", "play", "Play forwards; again, faster.", "", palette=False),
    Action("faster", "plus,equals_sign", "time", "faster", "Play faster, up to 64x.", "", palette=False),
    Action("slower", "minus", "time", "slower", "Play slower, down to 0.1x.", "", palette=False),
    Action("percent_0", "0", "time", "0 %", "To the run's start; 1 to 9 to so many tenths of its time.", "hive replay RUN --until 50%", palette=False),
    Action("zoom_in", "z,ctrl+up", "timeline", "zoom", "Show a shorter stretch of the run, round the place where you are; also the wheel.", "", footer=7, palette=False),
    Action("zoom_out", "Z,shift+z,ctrl+down", "timeline", "zoom out", "Show a longer stretch, at last the whole run.", "", palette=False),
    Action("pan_left", "shift+left", "timeline", "pan left", "Show what came before the stretch in view; also Shift with the wheel.", "", palette=False),
    Action("pan_right", "shift+right", "timeline", "pan right", "Show what came after it.", "", palette=False),
    Action("lanes_up", "up", "timeline", "lanes up", "Show the lanes above, where there are more than rows.", "", palette=False),
    Action("lanes_down", "down", "timeline", "lanes down", "Show the lanes below.", "", palette=False),
    Action("go_to_place", "g", "time", "go to", "Go to any place by its name: 50%, 12.5s, event:1200, stage:refiner, marker:NAME, text:WORDS, error.", "hive replay RUN --until PLACE", footer=5),
    Action("break_points", "b", "time", "break points", "Set and remove conditions at which playing stops.", "hive replay RUN --break CONDITION", footer=12),
    Action("next_break", "n", "timeline", "next break", "Go to the next place where a break point is met.", "hive replay RUN --break CONDITION", palette=False),
    Action("previous_break", "N,shift+n", "timeline", "previous break", "Go to the last one before here.", "", palette=False),
    Action("markers", "M,shift+m", "time", "marker", "Name the shown moment, with a note; go to a marker, or remove it.", "hive mark RUN NAME --at PLACE", footer=13),
    Action("previous_marker", "left_square_bracket", "time", "previous marker", "Go to the marker before.", "hive replay RUN --until marker:NAME", palette=False),
    Action("next_marker", "right_square_bracket", "time", "next marker", "Go to the next marker.", "hive replay RUN --until marker:NAME", palette=False),
    Action("previous_stage", "left_curly_bracket", "time", "previous stage", "Go to the stage's beginning, or to that of the stage before.", "hive replay RUN --until stage:NAME", palette=False),
    Action("next_stage", "right_curly_bracket", "time", "next stage", "Go to the beginning of the next stage.", "hive replay RUN --until stage:NAME", palette=False),
    Action("next_error", "e", "time", "next error", "Go to the next error.", "hive replay RUN --until error:N", palette=False),
    Action("previous_error", "E,shift+e", "time", "previous error", "Go to the error before.", "hive replay RUN --until error:N", palette=False),
    Action("fork", "F,shift+f", "time", "fork", "Go on from the shown moment or another place as a run of its own, with the question, the plan, the tally or a stage's settings changed.", "hive fork RUN --at PLACE --set stages.STAGE.model=NAME", footer=15),
    Action("compare", "d", "time", "compare", "Compare the run with another: settings, answers word by word, lanes side by side, cost and time.", "hive diff A B"),
    Action("statistics", "t", "time", "statistics", "What the calls took: of the chosen stretch, of the run up to the shown moment, or of all runs.", "hive stats RUN --from PLACE --to PLACE"),
    Action("what_if", "w", "time", "what if", "Decide again under other rules and weights, or as if a stage had refused or not been there.", "hive whatif RUN --at PLACE"),
    Action("row_up", "up,k", "report", "up", "Scroll up; in what-if, mark the row above.", "", palette=False),
    Action("row_down", "down,j", "report", "down", "Scroll down; in what-if, mark the row below.", "", palette=False),
    Action("page_up", "pageup", "report", "page up", "A page up.", "", palette=False),
    Action("page_down", "pagedown", "report", "page down", "A page down.", "", palette=False),
    Action("first_row", "home", "report", "start", "To the first row.", "", palette=False),
    Action("last_row", "end", "report", "end", "To the last row.", "", palette=False),
    Action("close_report", "escape,q", "report", "close", "Back to the panes.", "", palette=False),
    Action("first_divergence", "enter", "compare", "first divergence", "Go to the place in the first run where the two part.", "hive replay RUN --until PLACE", palette=False),
    Action("next_text", "n", "compare", "next text", "The word diff of the next stage's texts, and at the end that of the answers.", "hive diff A B --json", palette=False),
    Action("previous_text", "N,shift+n", "compare", "previous text", "That of the stage before.", "hive diff A B --json", palette=False),
    Action("other_run", "o", "compare", "other run", "Name another run to compare with, then Enter.", "hive diff A B", palette=False),
    Action("stretch", "s", "calls", "stretch / run", "The stretch that was chosen on the timeline, or the whole run.", "hive stats RUN --from PLACE --to PLACE", palette=False),
    Action("all_runs", "a", "calls", "all runs", "All recorded runs by model and endpoint; and back.", "hive stats", palette=False),
    Action("turn_stage", "space", "rules", "suppose", "Suppose that the marked stage refused, then that it was not there, then as it was.", "hive whatif RUN --refuse STAGE", palette=False),
    Action("more_weight", "plus,equals_sign", "rules", "more weight", "Give the marked stage's vote more weight.", "hive whatif RUN --rule majority --weight STAGE=NUMBER", palette=False),
    Action("less_weight", "minus", "rules", "less weight", "Give it less.", "hive whatif RUN --rule majority --weight STAGE=NUMBER", palette=False),
    Action("select_stretch", "v", "timeline", "select", "Begin a stretch here, and with the next press end it: for statistics and forks.", "hive stats RUN --from PLACE --to PLACE", footer=16),
    Action("help", "f1,question_mark", "app", "help", "Keys, gauges and where their numbers come from.", "hive --help", footer=2),
    Action("take_offer", "f2", "app", "take offer", "Use what the offer line found, such as a key or a local server.", "hive --endpoint URL --key-env NAME"),
    Action("answer", "f3,a", "app", "answer", "Show or hide the answer.", "hive runs show RUN", footer=17),
    Action("restart_core", "f5,R", "app", "new core", "Start a new core process after the old one died.", "hive ask QUESTION"),
    Action("theme", "f6", "app", "theme", "Go on to the next theme.", ""),
    Action("runs", "f7", "app", "runs", "The recorded runs: find, open, compare, mark, delete.", "hive runs", footer=6),
    Action("open_chosen", "enter", "runs", "open", "Open the run: look back at it, from its end.", "hive replay RUN", footer=1),
    Action("filter_runs", "slash", "runs", "find", "Find runs by words of question and answer, and conditions such as cost>0.05.", "hive runs --search TEXT --filter CONDITION", footer=3),
    Action("select_run", "space", "runs", "select", "Select the run for comparing; of three the last two stay.", "", footer=4, palette=False),
    Action("compare_selected", "d", "runs", "compare", "Compare the two that are selected, or the one and the one at the cursor.", "hive diff A B", footer=5),
    Action("mark_run", "m", "runs", "mark", "Keep the run: no limit takes it, and it is not deleted; or no longer.", "hive runs mark RUN", footer=6),
    Action("delete_run", "x,delete", "runs", "delete", "Move the run to the trash.", "hive runs delete RUN", footer=7),
    Action("undo_delete", "u", "runs", "undo", "Bring back what was deleted last.", "hive runs restore RUN", footer=8),
    Action("tree", "t", "runs", "tree", "Show forks below what they were forked from; and back.", "hive runs --tree", footer=9),
    Action("leave_runs", "escape,f7,q", "runs", "leave", "Back to the screen.", "", footer=2, palette=False),
    Action("run_up", "up,k", "runs", "up", "The run above.", "", palette=False),
    Action("run_down", "down,j", "runs", "down", "The run below.", "", palette=False),
    Action("runs_up", "pageup", "runs", "page up", "A page up.", "", palette=False),
    Action("runs_down", "pagedown", "runs", "page down", "A page down.", "", palette=False),
    Action("newest_run", "home,g", "runs", "newest", "To the newest.", "", palette=False),
    Action("oldest_run", "end,G,shift+g", "runs", "oldest", "To the oldest.", "", palette=False),
    Action("to_runs", "enter,escape,down", "filter", "to the list", "To the runs that were found.", "", footer=1, palette=False),
    Action("cancel_run", "f8", "app", "cancel run", "Cancel the live run; what came is kept.", "SIGINT (Ctrl+C) to `hive ask`"),
    Action("palette", "ctrl+p", "app", "palette", "Find any action by name.", "hive --help", footer=9, palette=False),
    Action("suspend", "ctrl+z", "app", "suspend", "Back to the shell; `fg` returns. A live run goes on meanwhile.", "", palette=False),
    Action("quit", "ctrl+q", "app", "quit", "Leave Hive; a live run ends with its text kept.", "", footer=14),
)  # fmt: skip

SCOPES = {
    "question": ("question", "app"),
    "pane": ("pane", "text", "time", "app"),
    "answer": ("text", "time", "app"),
    "timeline": ("timeline", "time", "app"),
    "search": ("search", "app"),
    "runs": ("runs",),
    "filter": ("filter",),
    "report": ("report", "compare", "calls", "rules"),
}
"""Where one is -> the scopes of the actions that hold there."""

_SHOWN = {
    "slash": "/",
    "ctrl+underscore": "^_",
    "question_mark": "?",
    "comma": ",",
    "full_stop": ".",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "space": "Space",
    "left": "←",
    "right": "→",
    "home": "Home",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "escape": "Esc",
    "enter": "Enter",
    "tab": "Tab",
    "shift+tab": "⇧Tab",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "end": "End",
    "up": "↑",
    "down": "↓",
}


def shown(key: str) -> str:
    """A key as people write it."""
    if key in _SHOWN:
        return _SHOWN[key]
    if key.startswith("alt+"):
        return "Alt+" + key[4:]
    if key.startswith("ctrl+"):
        return "^" + key[5:].upper()
    return key.upper() if key[:1] == "f" and key[1:].isdigit() else key


def footer_of(scope: str) -> list[tuple[int, str, str]]:
    """Rank, key and label of what the footer shows in that scope: the keys of the place, then those that hold
    everywhere, so that these stand in one order at the right wherever one is."""
    scopes = SCOPES[scope]
    chosen = [action for action in ACTIONS if action.footer and action.scope in scopes]
    chosen.sort(key=lambda action: (action.scope == "app", action.footer))
    return [(action.footer, shown(action.keys.partition(",")[0]), action.label) for action in chosen]


def readme_table() -> str:
    """The table of keys for the README, in Markdown."""
    rows = ["| Keys | Where | What | Without a screen |", "|---|---|---|---|"]
    for action in ACTIONS:
        keys = " ".join(f"`{shown(key)}`" for key in action.keys.split(","))
        headless = f"`{action.without_screen.replace('`', '')}`" if action.without_screen else ""
        rows.append(f"| {keys} | {action.scope} | {action.help} | {headless.replace('|', chr(92) + '|')} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(readme_table())
