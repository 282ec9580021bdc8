"""What a person can do about forks: begin one where they are."""

from __future__ import annotations

from hive_tui.tui.runs.actions import RunsActions
from hive_tui.tui.session import NewFork


class ForkActions(RunsActions):
    """Part of the screen."""

    def action_fork(self) -> None:
        """From the shown moment; at a run's end from the beginning of the stage whose pane was used last."""
        from hive_tui.tui.travel.fork_dialog import ForkDialog

        if not self._has_run():
            return
        if self.live:
            self.say("a run is live: Esc cancels it, then F forks")
            return
        session, state = self.session, self.state
        stages = state.plan.stages
        number = min(max(0, self.view.active), len(stages) - 1)
        at_end = state.outcome is not None and bool(stages)
        begun = at_end and any(each.spec == stages[number] and each.started_ns is not None for each in state.stages)
        place = f"stage:{stages[number].stage}" if begun else ""
        run, here = session.run_name, session.here
        self.app.push_screen(
            ForkDialog(
                state,
                number,
                place,
                here,
                session.query,
                lambda at, changes, prefix, tell: session.fork(NewFork(run, state, at, changes, prefix), tell),
                run,
            ),
            lambda note: None if note is None else self.say(note or f"forked from {run}"),
        )
