"""A run decided again, as rows: its stages as they are heard, what each rule comes to, and one rule's answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hive_tui.core.comparing import Decided, Heard, RuleTold
from hive_tui.tui.lines import PROMPT, Line, Piece
from hive_tui.tui.reports.comparison_lines import text_lines
from hive_tui.tui.reports.tables import Column, table

AS_IT_WAS, REFUSES, LEFT_OUT = "heard", "refuses", "left out"


@dataclass(frozen=True, slots=True)
class Supposition:
    """What a person supposes: by stage, whether it refuses or is left out, and the weight of its vote."""

    heard: Mapping[str, str]
    weights: Mapping[str, str]

    def of(self, stage: str) -> str:
        return self.heard.get(stage, AS_IT_WAS)

    def turned(self, stage: Heard) -> Supposition:
        """The next of what can be supposed of a stage."""
        turns = (AS_IT_WAS, REFUSES) if stage.writer else (AS_IT_WAS, REFUSES, LEFT_OUT)
        after = turns[(turns.index(self.of(stage.stage)) + 1) % len(turns)]
        return Supposition({**self.heard, stage.stage: after}, self.weights)

    def weighed(self, stage: str, change: int) -> Supposition:
        """A vote that counts so much more, or less; no less than nothing."""
        weight = max(0, min(99, int(self.weights.get(stage, "1")) + change))
        return Supposition(self.heard, {**self.weights, stage: str(weight)})

    def named(self, how: str) -> tuple[str, ...]:
        return tuple(stage for stage, each in self.heard.items() if each == how)


def lines(
    decided: Decided, supposed: Supposition, marked: int, pieces: Sequence[str], width: int
) -> tuple[list[Line], int]:
    """All rows, and the number of the marked one: stages are counted first, then rules."""
    stages, rules = decided.stages, decided.rules
    rows: list[Line] = [_recorded(decided), ()]
    rows += table(_stage_columns(stages, supposed, marked), width)
    rows.append(())
    row = rows.index(()) + 2 + marked if marked < len(stages) else len(rows) + 1 + marked - len(stages)
    rows += table(_rule_columns(decided, marked - len(stages)), width)
    rows.append(())
    if marked < len(stages):
        weighing = ", ".join(rule.rule for rule in rules if rule.weighs)
        rows.append((("mark a rule to read the answer that it comes to", "muted"),))
        rows.append(((f"weights count under {weighing}", "muted"),))
        return rows, row
    rule = rules[marked - len(stages)]
    rows.append(((rule.words, "muted"),))
    if rule.unfit:
        rows.append((("it cannot decide this: " + rule.unfit, "warn"),))
    elif rule.author is None:
        rows.append((("no answer", "warn"),))
    else:
        rows += [(), *text_lines([("same", text) for text in pieces], width)]
    return rows, row


def _recorded(decided: Decided) -> Line:
    marked: tuple[Piece, ...] = ((" SIMULATED ", "badge.simulated"), (" ", "text")) if decided.simulated else ()
    by = "nothing was decided by then" if decided.decision is None else f"decided: {decided.decision}"
    return (*marked, (by, "strong"), (f" by the rule {decided.rule}; nothing is sent to any model", "muted"))


def _stage_columns(stages: Sequence[Heard], supposed: Supposition, marked: int) -> list[Column]:
    styles = {AS_IT_WAS: "good", REFUSES: "bad", LEFT_OUT: "warn"}
    return [
        Column("  stage", [_name(each.stage, number == marked) for number, each in enumerate(stages)], 0, left=True),
        Column("is", [(supposed.of(each.stage), styles[supposed.of(each.stage)]) for each in stages], 0, left=True),
        Column("weight", [(supposed.weights.get(each.stage, "1"), "text") for each in stages], 1),
        Column("said", [("" if each.verdict is None else each.verdict, "muted") for each in stages], 2, left=True),
        Column("model", [(each.model, "muted") for each in stages], 3, left=True),
    ]


def _rule_columns(decided: Decided, marked: int) -> list[Column]:
    rules = decided.rules
    return [
        Column("  rule", [_name(each.rule, number == marked) for number, each in enumerate(rules)], 0, left=True),
        Column("decides", [_decision(each) for each in rules], 1, left=True),
        Column("text of", [(each.author or "", "text") for each in rules], 2, left=True),
        Column("", [_changed(each) for each in rules], 1, left=True),
        Column("votes", [(", ".join(f"{a} {n}" for a, n in each.votes), "muted") for each in rules], 3, left=True),
    ]


def _name(name: str, marked: bool) -> Piece:
    return (f"{PROMPT} {name}", "selected") if marked else (f"  {name}", "strong")


def _decision(rule: RuleTold) -> Piece:
    if rule.unfit:
        return rule.unfit, "muted"
    return ("no answer", "warn") if rule.decision is None else (rule.decision, "text")


def _changed(rule: RuleTold) -> Piece:
    if rule.unfit:
        return "", "muted"
    return ("another answer", "warn") if rule.changed else ("as recorded", "good")
