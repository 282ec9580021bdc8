"""Every command and its options, in one table: the parser, the help and the README say the same."""

from __future__ import annotations

from hive_tui.cli.parser import STANDARD, Command, Option

RUN_OPTIONS = (
    Option("--endpoint", "URL", "ask this endpoint: the base to which /chat/completions is appended"),
    Option("--key-env", "NAME", "send the key in this environment variable to --endpoint (else it gets none)"),
    Option("--dialect", "NAME", "openrouter, openai or anthropic; else guessed by --endpoint's host"),
    Option("--model", "NAME", "model of all stages, or STAGE=NAME of one", repeatable=True),
    Option("--profile", "NAME", "use profiles/NAME.toml (without it: default)"),
    Option("--plan", "NAME", "single or pipeline"),
    Option("--timeout", "SECONDS", "bound the whole run, retries and waits included"),
)

JSON = Option("--json", "", "print one JSON document on stdout")

SCREEN = Command(
    "",
    "[QUESTION...]",
    "ask the council, live on the screen",
    RUN_OPTIONS,
    "A question that is also the name of a command goes after two dashes: hive -- doctor",
)
ASK = Command(
    "ask",
    "QUESTION...",
    "ask the council without a screen: the answer on stdout",
    (*RUN_OPTIONS, JSON),
    "A question of - is read from stdin.",
)
RUNS = Command(
    "runs",
    "[show|delete|restore|mark|unmark RUN... | trash|empty|prune|rebuild]",
    "list the runs, newest first, find, show, keep or delete them",
    (
        Option("--search", "TEXT", "only runs whose question or answer has these words", repeatable=True),
        Option("--filter", "CONDITION", "only runs for which this is so, such as cost>0.05", repeatable=True),
        Option("--limit", "N", "no more than so many, the newest"),
        Option("--tree", "", "forks below the runs that they were forked from"),
        Option("--dry-run", "", "with prune: only say what would be deleted"),
        JSON,
    ),
    "RUN is an id, a unique beginning of one, last, or the path of a run's folder.\n"
    "CONDITION is one of outcome:WORD, decision:WORD, plan:NAME, profile:NAME, model:PART, run:BEGINNING,\n"
    "is:marked, is:live, is:simulated, is:fork, since:DATE, before:DATE, question:WORD, answer:WORD,\n"
    "cost>USD, took>30s, age<7d, size>5MB; with a minus before it, it must not be so.\n"
    "A deleted run stays in the trash for 30 days: trash lists it, restore brings it back, empty ends\n"
    "that now. A marked run is never deleted. prune deletes what is beyond the limits in [retention]\n"
    "of settings.toml: max_age, max_runs, max_size. rebuild makes the catalogue anew.",
)
REPLAY = Command(
    "replay",
    "RUN",
    "show any moment of a run: on a terminal the screen opens there, else text",
    (
        Option("--until", "PLACE", "the moment, such as 50%, 12.5s, stage:refiner (without it: the end)"),
        Option("--break", "CONDITION", "go on from there to where this is so (exit 1 when it never is)"),
        Option("--back", "", "go back to where the condition is so, not on"),
        Option("--assert", "'PATH OP VALUE'", "exit 1 unless the document says so; OP: == != < > ~", repeatable=True),
        JSON,
    ),
    "PLACE is one of 0%..100% of the run's time, 12.5s, 1m30s, 500ms, event:N, chunk:N, stage:NAME,\n"
    "stage:NAME:end, round:N, marker:NAME, text:WORDS, error, error:N, start, end.\n"
    "CONDITION is one of text:PATTERN, gap:MS (a text paused longer), cost:USD (more than that),\n"
    "finish (another than stop), diverge (verdicts that differ), retry.",
)
MARK = Command(
    "mark",
    "RUN [NAME]",
    "name a place of a run, or list the names",
    (
        Option("--at", "PLACE", "the place, as hive replay takes it"),
        Option("--note", "TEXT", "what there is to say of it"),
        Option("--remove", "NAME", "take a marker away"),
        JSON,
    ),
    "The recording itself never changes: markers stand in a file beside it.",
)
EXPORT = Command(
    "export",
    "RUN",
    "write a run in another format",
    (
        Option("--format", "NAME", "asciicast, md, json, jsonl, parquet, html or mcap"),
        Option("--output", "FILE", "write there; - is stdout"),
        Option("--until", "PLACE", "only up to that moment, as hive replay names it"),
        Option("--size", "COLSxROWS", "of an asciicast's screen (without it: 120x40)"),
        Option("--idle", "SECONDS", "keep no more of an asciicast's pauses"),
        Option("--theme", "NAME", "of an asciicast (without it: hive-dark)"),
        Option("--force", "", "replace a file that is there already"),
    ),
    "json is what ask --json prints; import takes jsonl back; parquet has a row an event;\n"
    "html is a page that plays the run in a browser, without any network.",
)
IMPORT = Command("import", "FILE", "make a recording of an exported jsonl file (- is stdin) and print its id", ())
VERIFY = Command(
    "verify",
    "RUN",
    "check that a recording is what it was; exit 1 when it is not",
    (JSON,),
    "RUN is an id, a unique beginning of one, last, or the path of a run's folder.",
)
DIFF = Command(
    "diff",
    "A B",
    "compare two runs: settings, answers word by word, cost and time",
    (JSON,),
    "Exit 0 whether they differ or not. [-words-] are in A only, {+words+} in B only.",
)
STATS = Command(
    "stats",
    "[RUN]",
    "say what each call took: waits, gaps, stalls, rate, cost",
    (
        Option("--from", "PLACE", "of RUN only what comes after that place, as hive replay names it"),
        Option("--to", "PLACE", "of RUN only up to that place"),
        Option("--model", "NAME", "of all runs only this model's calls; * stands for anything", repeatable=True),
        Option("--endpoint", "NAME", "of all runs only the calls to this endpoint", repeatable=True),
        Option("--since", "WHEN", "of all runs only the calls since then: 30m, 12h, 7d, 2w or 2026-01-31"),
        JSON,
    ),
    "Without RUN: percentiles over all recorded runs, by model and endpoint.",
)
WHATIF = Command(
    "whatif",
    "RUN",
    "decide a recorded run again under another rule; nothing is sent",
    (
        Option("--rule", "NAME", "chain, curator, direct or majority (without it: each of them)", repeatable=True),
        Option("--weight", "STAGE=NUMBER", "weight of that stage's vote under majority (else 1)", repeatable=True),
        Option("--without", "STAGE", "as if that stage had not been there", repeatable=True),
        Option("--refuse", "STAGE", "as if that stage's model had refused to answer", repeatable=True),
        Option("--at", "PLACE", "with what was known there, as hive replay names it"),
        JSON,
    ),
)
FORK = Command(
    "fork",
    "RUN",
    "go on from a place of a run with something changed, as a run of its own",
    (
        Option("--at", "PLACE", "where it leaves RUN, as hive replay names it"),
        Option("--set", "PATH=VALUE", "set question, plan, tally or stages.STAGE.NAME anew", repeatable=True),
        Option("--prefix", "WAY", "how a model is told to go on from an answer cut there; none asks it anew"),
        Option("--endpoint", "URL", "the endpoint of the stages that name its host"),
        Option("--key-env", "NAME", "send the key in this environment variable to --endpoint (else it gets none)"),
        Option("--dialect", "NAME", "openrouter, openai or anthropic; else guessed by --endpoint's host"),
        Option("--profile", "NAME", "take endpoints and limits from profiles/NAME.toml (without it: RUN's)"),
        Option("--timeout", "SECONDS", "bound what is run anew, retries and waits included"),
        JSON,
    ),
    "NAME is model, endpoint, fallbacks, prompt, temperature, top_p, max_tokens, seed or\n"
    "reasoning_effort; a number left empty is the provider's own. What was said before PLACE is\n"
    "copied and costs nothing. A model whose answer is cut there goes on from what it had said, if\n"
    "its endpoint is known to take that, else it is asked anew; WAY says how the endpoint is told:\n"
    "message, prefix, partial, continue (as profiles have it). RUN never changes.",
)
REPAIR = Command(
    "repair",
    "RUN",
    "save what is sound of a damaged recording, and say what was lost",
    (Option("--output", "FOLDER", "the folder of the saved recording; must not be there yet"),),
)
REDACT = Command(
    "redact",
    "RUN",
    "copy a run without some of its texts, and say what was removed",
    (
        Option("--pattern", "REGEX", "remove what this regular expression (Python) finds, in every text"),
        Option("--span", "PLACE..PLACE", "remove what came between two places, as hive replay names them"),
        Option("--stage", "NAME", "with --span: only what this stage was told and said", repeatable=True),
        Option("--stream", "NUMBER", "with --span: only this call", repeatable=True),
        Option("--output", "FOLDER", "folder of the copy, not there yet (without it: one of the runs)"),
        JSON,
    ),
    "The copy is a run of its own and names its source; the original never changes. What is removed\n"
    "from an answer is removed from the prompts that carry it. Exit 1 when nothing fits.",
)
SIMULATE = Command("simulate", "", "run the simulated model server alone, on loopback", ())
"""Its options are the simulator's own: it reads its command line itself."""
DOCTOR = Command("doctor", "", "say what works here, and what to do about the rest", (JSON,))

SUBCOMMANDS = {
    command.name: command
    for command in (
        ASK,
        RUNS,
        REPLAY,
        MARK,
        VERIFY,
        REPAIR,
        REDACT,
        EXPORT,
        IMPORT,
        DIFF,
        STATS,
        WHATIF,
        FORK,
        SIMULATE,
        DOCTOR,
    )
}


def help_text(command: Command) -> str:
    """The help of one command; the screen's lists the others."""
    name = f"hive {command.name}".rstrip()
    lines = [f"usage: {name} [OPTIONS] {command.operands}".rstrip()]
    if command is SCREEN:
        lines += [f"       hive {other.name} [OPTIONS] {other.operands}".rstrip() for other in SUBCOMMANDS.values()]
    lines += ["", command.summary[0].upper() + command.summary[1:] + ".", *filter(None, [command.about]), ""]
    if command is SCREEN:
        lines += _rows("commands:", [(other.name, other.summary) for other in SUBCOMMANDS.values()])
    options = [(f"{o.flag} {o.metavar}".rstrip(), o.help) for o in command.options + STANDARD]
    lines += _rows("options:", options)
    return "\n".join([*lines, exit_codes()])


def exit_codes() -> str:
    """The table of exit codes, as every help ends."""
    from hive_tui.cli.exits import TABLE

    return "\n".join(_rows("exit codes:", [(str(code), meaning) for code, meaning in TABLE])[:-1])


def _rows(title: str, rows: list[tuple[str, str]]) -> list[str]:
    width = max(len(left) for left, _ in rows)
    return [title, *(f"  {left:<{width}}  {right}" for left, right in rows), ""]
