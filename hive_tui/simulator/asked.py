"""What one request asks for: its body in any dialect, and the simulator's own options; pure.

The options come by header or stand in the model's name, as `sim/atlas+fault=stall:3+pace=instant`:

    header          in the name   meaning
    x-hive-fault    fault         see `faults`
    x-hive-pace     pace          a class of `pace`
    x-hive-frames   frames        frames an HTTP chunk, where no pace parts them
    x-hive-tokens   tokens        a flood of so many five-byte tokens in place of an answer
    x-hive-rate     rate          tokens a second of the flood; left out: as fast as the socket takes them
    x-hive-errs     errs          the character's error rate, 0 to 1
    x-hive-seed     seed          in place of the server's seed
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from hive_tui.simulator.dialects.chat import Failure
from hive_tui.simulator.faults import Fault, FaultError, parse
from hive_tui.simulator.pace import PACES, Pace

_OPTIONS = ("fault", "pace", "frames", "tokens", "rate", "errs", "seed")
_SUFFIXES = frozenset({"free", "nitro", "floor", "thinking", "extended", "exacto"})


class Rejected(Exception):
    """The request cannot be answered; `failure` says why, in the dialect's words once it is framed."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Options:
    """The simulator's own options of one request; `None` leaves what the character or the server says."""

    faults: tuple[tuple[Fault, ...], ...] = ()
    """By place: header, then model name."""
    pace: Pace | None = None
    frames: int | None = None
    tokens: int | None = None
    rate: float = 0.0
    errs: float | None = None
    seed: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One call of a model."""

    model: str
    """As the request names it, options and suffix included; answers repeat it."""
    name: str
    """The model's name alone."""
    free: bool
    """Asked for by its `:free` variant, which costs nothing."""
    messages: tuple[tuple[str, str], ...]
    """Role and text; the system prompt first, if any."""
    stream: bool = False
    max_tokens: int | None = None
    seed: str = ""
    include_usage: bool = False
    continuous_usage: bool = False
    obfuscate: bool = True
    think: bool = True
    options: Options = Options()

    @property
    def system(self) -> str:
        return "\n".join(text for role, text in self.messages if role in ("system", "developer"))

    @property
    def last_user(self) -> str:
        return next((text for role, text in reversed(self.messages) if role == "user"), "")

    @property
    def beginning(self) -> str:
        """Of the answer, which the model is to go on from; empty when it begins itself."""
        role, text = self.messages[-1]
        return text.rstrip() if role == "assistant" else ""


def read(body: bytes, headers: Mapping[str, str], *, anthropic: bool) -> Asked:
    """Read a request. Raises `Rejected` when it is none that a provider would answer."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _bad(f"the body is no JSON: {error}") from error
    if not isinstance(asked, dict):
        raise _bad("the body must be a JSON object")
    model = asked.get("model")
    if not isinstance(model, str) or not model:
        raise _bad("`model` is missing")
    name, suffix, options = model_name(model)
    system = [("system", _text(asked.get("system")))] if anthropic and asked.get("system") else []
    messages = asked.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _bad("`messages` must be a list that is not empty")
    said = []
    for message in messages:
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise _bad("each message needs a `role`")
        said.append((message["role"], _text(message.get("content"))))
    limit = asked.get("max_tokens", asked.get("max_completion_tokens"))
    if anthropic and not isinstance(limit, int):
        raise _bad("max_tokens: Field required")
    if limit is not None and (not isinstance(limit, int) or limit < 1):
        raise _bad("`max_tokens` must be a whole number above 0")
    streaming = asked.get("stream_options")
    streaming = streaming if isinstance(streaming, dict) else {}
    thinking = asked.get("thinking")
    reasoning = asked.get("reasoning")
    return Asked(
        model=model,
        name=name,
        free=suffix == "free",
        messages=(*system, *said),
        stream=asked.get("stream") is True,
        max_tokens=limit,
        seed=str(asked.get("seed", "")),
        include_usage=streaming.get("include_usage") is True,
        continuous_usage=streaming.get("continuous_usage_stats") is True,
        obfuscate=streaming.get("include_obfuscation") is not False,
        think=not (
            (isinstance(thinking, dict) and thinking.get("type") == "disabled")
            or (isinstance(reasoning, dict) and (reasoning.get("exclude") is True or reasoning.get("effort") == "none"))
            or asked.get("reasoning_effort") == "none"
        ),
        options=_options(headers, options),
    )


def model_name(text: str) -> tuple[str, str, dict[str, str]]:
    """Cut `name:suffix+option=value...` into its three parts. Raises `Rejected` for an option that is none."""
    head, *rest = text.split("+")
    name, _, suffix = head.rpartition(":")
    if suffix not in _SUFFIXES:
        name, suffix = head, ""
    options: dict[str, str] = {}
    for part in rest:
        key, equals, value = part.partition("=")
        if not equals or key not in _OPTIONS:
            raise _bad(f"model {head!r}: {part!r} is no option; options are {', '.join(_OPTIONS)}")
        options[key] = value
    return name, suffix, options


def _options(headers: Mapping[str, str], named: Mapping[str, str]) -> Options:
    def given(name: str) -> str | None:
        return headers.get(f"x-hive-{name}", named.get(name))

    try:
        places = tuple(parse(text) for text in (headers.get("x-hive-fault"), named.get("fault")) if text)
        pace = given("pace")
        if pace is not None and pace not in PACES:
            raise _bad(f"no pace is called {pace!r}; paces are {', '.join(PACES)}")
        frames, tokens, errs = given("frames"), given("tokens"), given("errs")
        return Options(
            faults=places,
            pace=None if pace is None else PACES[pace],
            frames=None if frames is None else max(1, int(frames)),
            tokens=None if tokens is None else max(0, int(tokens)),
            rate=float(given("rate") or 0.0),
            errs=None if errs is None else float(errs),
            seed=given("seed"),
        )
    except FaultError as error:
        raise _bad(str(error)) from error
    except ValueError as error:
        raise _bad(f"an option of the simulator cannot be read: {error}") from error


def _text(content: object) -> str:
    """The text of a message's content, which is a string or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "\n".join(part for part in parts if isinstance(part, str))
    return ""


def _bad(message: str) -> Rejected:
    return Rejected(Failure(400, message))
