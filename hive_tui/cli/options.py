"""The options that `hive` and `hive ask` share, checked one by one before anything else happens."""

from __future__ import annotations

from hive_tui.cli.parser import Parsed, UsageError, nearest
from hive_tui.config.options import RunOptions, is_profile_name

STAGES = ("generator", "refiner", "validator", "curator")
PLANS = ("single", "pipeline")
DIALECTS = ("openrouter", "openai", "anthropic")
LONGEST_TIMEOUT_S = 7 * 24 * 3600.0


def run_options(parsed: Parsed) -> RunOptions:
    """The shared options of a command line. Raises UsageError."""
    endpoint = parsed.value("--endpoint")
    if endpoint is not None:
        from hive_tui.config.origin import BadUrl, origin

        try:
            origin(endpoint)
        except BadUrl as error:
            raise UsageError(f"--endpoint: {error}") from error
        if endpoint.rstrip("/").endswith(("/chat/completions", "/messages")):
            raise UsageError("--endpoint: expected the base alone, such as https://host/v1: the rest is appended")
    for flag in ("--key-env", "--dialect"):
        if parsed.has(flag) and endpoint is None:
            raise UsageError(f"{flag} belongs to an endpoint named beside it: add --endpoint URL")
    model, stage_models = _models(parsed.values("--model"))
    return RunOptions(
        endpoint=endpoint,
        key_env=_name_of_variable(parsed.value("--key-env")),
        dialect=_one_of("--dialect", parsed.value("--dialect"), DIALECTS),
        model=model,
        stage_models=stage_models,
        profile=_name_of_profile(parsed.value("--profile")),
        plan=_one_of("--plan", parsed.value("--plan"), PLANS),
        timeout_s=_seconds(parsed.value("--timeout")),
    )


def question(words: list[str]) -> str | None:
    """The question in the words of a command line, `None` when there are none. Raises UsageError when it is blank."""
    if not words:
        return None
    text = " ".join(words)
    if not text.strip():
        raise UsageError('the question is empty; write it behind the command: hive ask "What is a council?"')
    return text


def _models(values: tuple[str, ...]) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    for_all: str | None = None
    by_stage: dict[str, str] = {}
    for value in values:
        stage, equals, name = value.partition("=")
        if not equals or (stage and not stage.isalpha()):  # Such as org/model+a=b: no stage's name has signs.
            for_all = value.strip()
        elif stage not in STAGES:
            near = nearest(stage, STAGES)
            hint = f"; did you mean {near}?" if near else f"; the stages are {', '.join(STAGES)}"
            raise UsageError(f"--model {value}: there is no stage {stage!r}{hint}")
        elif not name.strip():
            raise UsageError(f"--model {value}: the model's name is missing: --model {stage}=NAME")
        else:
            by_stage[stage] = name.strip()
    return for_all, tuple(by_stage.items())


def _one_of(flag: str, value: str | None, known: tuple[str, ...]) -> str | None:
    if value is None or value in known:
        return value
    near = nearest(value, known)
    hint = f"; did you mean {near}?" if near else ""
    raise UsageError(f"{flag}: expected {', '.join(known[:-1])} or {known[-1]}, got {value!r}{hint}")


def _seconds(value: str | None) -> float | None:
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= LONGEST_TIMEOUT_S:  # also false for nan
        raise UsageError(f"--timeout: expected seconds above 0 and up to {LONGEST_TIMEOUT_S:.0f}, got {value!r}")
    return seconds


def _name_of_variable(value: str | None) -> str | None:
    if value is None or (value.isascii() and value.isidentifier()):
        return value
    # The value itself stays unsaid: whoever types a key here must not find it again in a log.
    raise UsageError("--key-env: expected the name of an environment variable, such as OPENAI_API_KEY, not a key")


def _name_of_profile(value: str | None) -> str | None:
    if value is None or is_profile_name(value):
        return value
    raise UsageError(f"--profile: expected a name of letters, digits, '-' and '_', got {value!r}")
