"""`hive whatif RUN`: what would have won under another rule, other weights, or without some stages."""

from __future__ import annotations

import sys
from decimal import Decimal

from hive_tui.cli.document import encode_document
from hive_tui.cli.exits import DONE
from hive_tui.cli.parser import Parsed, UsageError, nearest
from hive_tui.cli.plaintext import write_text
from hive_tui.cli.recordings import opened, place_in, run_folder
from hive_tui.config.errors import ConfigError
from hive_tui.council.rules import HEAVIEST, RULES, Case, RuleError, case, weight_of
from hive_tui.council.whatif import suppose
from hive_tui.recording.held import held
from hive_tui.recording.navigation.places import PlaceError, parse
from hive_tui.recording.navigation.walker import Walker
from hive_tui.state import RunState


def main(parsed: Parsed) -> int:
    """Raises UsageError; ConfigError for a run, a place or a stage that is not there, or that cannot be read."""
    if len(parsed.words) != 1:
        raise UsageError("which run? hive whatif RUN; `hive whatif last` takes the newest")
    names = parsed.values("--rule") or tuple(RULES)
    for name in names:
        if name not in RULES:
            near = nearest(name, list(RULES))
            hint = f"did you mean {near}?" if near else f"rules are {', '.join(RULES)}"
            raise UsageError(f"--rule {name}: there is no such rule; {hint}")
    weights = dict(map(_weight, parsed.values("--weight")))
    if weights and not any(RULES[name].weighs for name in names):
        weighing = " or ".join(name for name, rule in RULES.items() if rule.weighs)
        raise UsageError(f"--weight: only {weighing} counts votes; add --rule {weighing}")
    without, refusing = (frozenset(parsed.values(flag)) for flag in ("--without", "--refuse"))
    if both := without & refusing:
        raise UsageError(f"--refuse {min(both)}: that stage is left out")
    try:
        where = parse(parsed.value("--at") or "end")
    except PlaceError as error:
        raise UsageError(f"--at {error}") from error
    folder = run_folder(parsed.words[0])
    with opened(folder) as timeline:
        state = held(timeline, Walker(timeline).go(place_in(timeline, folder, where)))
        try:
            heard = case(state, without, weights, refusing)
        except RuleError as error:
            raise ConfigError(str(error), str(folder)) from error
        found = whatif_document(state, heard, names)
    if parsed.has("--json"):
        sys.stdout.buffer.write(encode_document(found))
        return DONE
    _print(found)
    return DONE


def _weight(text: str) -> tuple[str, Decimal]:
    stage, _, number = text.partition("=")
    wrong = UsageError(f"--weight {text}: expected STAGE=NUMBER, from 0 to {HEAVIEST}")
    if not stage:
        raise wrong
    try:
        return stage, weight_of(number)
    except RuleError as error:
        raise wrong from error


def whatif_document(state: RunState, heard: Case, names: tuple[str, ...]) -> dict[str, object]:
    """The document of `--json`: what was decided, and what each rule comes to."""
    return {
        "run": state.run or None,
        "simulated": state.simulated if state.run else None,
        "stages": [spec.stage for spec in heard.specs],
        "recorded": {
            "rule": state.plan.tally,
            "decision": None if state.decision is None else state.decision.value,
            "answer": None if state.answer is None else state.answer_text,
        },
        "rules": [
            {
                "rule": each.rule,
                "unfit": each.unfit or None,
                "decision": None if each.decision is None else each.decision.value,
                "author": each.author,
                "answer": each.text,
                "votes": {author: format(vote, "f") for author, vote in each.votes.items()},
                "changed": None if each.unfit else each.changed,
            }
            for each in suppose(state, heard, names)
        ],
    }


def _print(found: dict[str, object]) -> None:
    recorded, rules = found["recorded"], found["rules"]
    assert isinstance(recorded, dict)
    assert isinstance(rules, list)
    marked = " SIMULATED" if found["simulated"] else ""
    begun = f"run {found['run']}{marked}: decided {recorded['decision'] or 'nothing'}"
    lines = [begun if found["run"] else "before the run's first event"]
    for rule in rules:
        if rule["unfit"] is not None:
            lines.append(f"{rule['rule']}: cannot decide this: {rule['unfit']}")
            continue
        by = "no answer" if rule["author"] is None else f"{rule['decision']}, the text of {rule['author']}"
        votes = ", ".join(f"{author} {vote}" for author, vote in rule["votes"].items())
        changed = "another answer" if rule["changed"] else "the same answer"
        lines.append(f"{rule['rule']}: {by}; {changed}" + (f" (votes: {votes})" if votes else ""))
    if len(rules) == 1 and rules[0]["answer"] is not None:
        lines += ["", rules[0]["answer"]]
    for line in lines:
        write_text(sys.stdout, line + "\n")
