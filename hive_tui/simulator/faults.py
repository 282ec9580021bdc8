"""The fault menu and its grammar; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

GRAMMAR = """\
faults = fault *("," fault)
fault  = name *(":" argument) ["@" times] ["~" probability]

Arguments are percent-decoded, so any text can stand in one. `@2` lets only the first two requests that bring the very
same fault and model have it, and of two faults of one name the first that is still due counts; `~0.3` lets three
requests in ten have it, drawn from the seed. Examples: `stall:3`, `status:429:after=2@1`, `crlf,bom,comments:5`,
`status:503@1,status:429@2`, `say:VERDICT%3A%20ACCEPT`.

A fault comes by the header `x-hive-fault`, by the model's name (`sim/atlas+fault=stall:3`), or with `--fault` for the
whole server. A header goes before the name, the name before the server's.
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A line of the menu."""

    group: str
    """`framing`, `payload`, `text` or `lifecycle`."""
    args: str
    does: str


MENU: dict[str, Known] = {
    "lf": Known("framing", "", "lines end with LF; the default"),
    "crlf": Known("framing", "", "lines end with CRLF"),
    "cr": Known("framing", "", "lines end with CR"),
    "bytes": Known("framing", "", "each byte is an HTTP chunk and a write of its own"),
    "drip": Known("framing", "[ms=10]", "one byte every so many milliseconds"),
    "multiline": Known("framing", "", "each JSON object is spread over two data lines"),
    "bom": Known("framing", "", "a byte order mark before the first frame"),
    "nospace": Known("framing", "", "no space after the colon"),
    "comments": Known("framing", "[n=50]", "so many comment lines before each frame"),
    "colon": Known("framing", "", "a bare colon and a blank line before each frame"),
    "nulid": Known("framing", "", "an id field that holds NUL, which must be ignored"),
    "no-final-blank": Known("framing", "", "the last frame has no blank line after it"),
    "no-done": Known("framing", "", "no [DONE] (Anthropic: no message_stop)"),
    "after-done": Known("framing", "", "one more text frame after the end mark"),
    "gzip": Known("framing", "", "gzip with its header, asked for or not"),
    "gzip-bare": Known("framing", "", "gzip without its header"),
    "u2028": Known("text", "", "U+2028, U+2029, NEL, VT and FF raw inside a JSON string"),
    "emoji-split": Known("text", "", "a four-byte character cut in two by the HTTP chunks"),
    "bad-utf8": Known("text", "", "two bytes that are no UTF-8 inside a JSON string"),
    "huge": Known("text", "[bytes=2097152]", "one frame whose text has so many bytes"),
    "line": Known("text", "[bytes=10000000]", "so many bytes of answer without a line feed, in 4 KiB chunks"),
    "escapes": Known("text", "", "terminal escapes and control characters in the answer"),
    "hostile": Known("text", "", "an answer that forges a closing tag, a verdict and a ranking"),
    "think-tags": Known("text", "", "reasoning inside <think> tags of the answer"),
    "say": Known("text", "TEXT", "the answer is this text (percent-encoded)"),
    "empty": Known("text", "", "an answer without any text, finished"),
    "reasoning-only": Known("text", "", "reasoning, then no answer, finished"),
    "length": Known("text", "[tokens=20]", "cut at so many tokens, finish reason `length`"),
    "empty-choices": Known("payload", "", "heartbeat frames whose `choices` is empty"),
    "no-choices": Known("payload", "", "frames without `choices`"),
    "null-content": Known("payload", "", "frames whose content is null"),
    "encrypted-reasoning": Known("payload", "", "one frame of 1.5 kB of encrypted reasoning"),
    "refusal": Known("payload", "", "the model refuses; no answer text"),
    "tools": Known("payload", "", "fragments of two parallel tool calls, both at index 0"),
    "unknown-fields": Known("payload", "", "keys and events that no client knows"),
    "not-json": Known("payload", "", "a frame whose data is no JSON"),
    "empty-data": Known("payload", "", "frames with an empty data line"),
    "usage-none": Known("payload", "", "no usage report"),
    "usage-twice": Known("payload", "", "the usage report comes twice"),
    "usage-odd": Known("payload", "", "more reasoning tokens than completion tokens"),
    "wire-2025-11": Known("payload", "", "OpenRouter's older chunks: null logprobs, usage with a null finish reason"),
    "status": Known("lifecycle", "CODE[:after=S|date=S][:type=T]", "that status, with Retry-After where asked"),
    "availability": Known("lifecycle", "[code]", "OpenRouter's availability error, status 503"),
    "json200": Known("lifecycle", "", "status 200 and a JSON error"),
    "html": Known("lifecycle", "[status=200]", "an HTML page"),
    "error-first": Known("lifecycle", "[code=502]", "an error frame before the first token"),
    "error": Known("lifecycle", "[chunks=5[:code=502]]", "an error frame after so many chunks"),
    "token-limit": Known(
        "lifecycle", "[chunks=5]", "the error that OpenRouter was seen to send after two length chunks"
    ),
    "only-done": Known("lifecycle", "", "nothing but [DONE], as vLLM once said an early error"),
    "eof": Known("lifecycle", "[chunks=5]", "the stream just ends after so many chunks, HTTP well formed"),
    "cut": Known("lifecycle", "[chunks=5]", "the connection is closed inside an HTTP chunk"),
    "rst": Known("lifecycle", "[chunks=5]", "the connection is reset inside an HTTP chunk"),
    "stall": Known("lifecycle", "[chunks=5[:seconds]]", "silence after so many chunks, for ever or so many seconds"),
    "no-finish": Known("lifecycle", "", "all text and the end mark, but no finish reason"),
    "slow-headers": Known("lifecycle", "[seconds=3]", "the status line comes late"),
    "cold": Known("lifecycle", "[seconds=4]", "a cold start: keep-alives until the model is loaded"),
    "hang": Known("lifecycle", "", "after the last frame the response never ends"),
    "redirect": Known("lifecycle", "[code=307[:location]]", "a redirection"),
    "close": Known("lifecycle", "", "`Connection: close`"),
    "drop-idle": Known("lifecycle", "", "the idle connection is closed without a word"),
    "generation-404": Known("lifecycle", "[times=1]", "`/generation` answers 404 so many times first"),
}


LARGEST = 10**9
"""Largest number that a fault takes: a gigabyte of answer, or thirty years of silence."""


class FaultError(ValueError):
    """A fault that the menu does not have, or cannot be read; says which."""


@dataclass(frozen=True, slots=True)
class Fault:
    name: str
    args: tuple[str, ...] = ()
    times: int | None = None
    probability: float = 1.0

    def number(self, at: int, default: float) -> float:
        """The argument at that place, or the default when it was left out. Raises `FaultError` when it is no number."""
        if at >= len(self.args) or not self.args[at]:
            return default
        try:
            value = float(self.args[at])
        except ValueError:
            raise FaultError(f"fault {self.name}: expected a number, got {self.args[at]!r}") from None
        if not 0 <= value <= LARGEST:
            raise FaultError(f"fault {self.name}: expected a number from 0 to {LARGEST}, got {self.args[at]!r}")
        return value

    def option(self, name: str) -> str | None:
        """The value of a `name=value` argument."""
        for arg in self.args:
            key, equals, value = arg.partition("=")
            if equals and key == name:
                return value
        return None


class Faults(dict[str, Fault]):
    """The faults of one request, by name."""

    def number(self, name: str, at: int, default: float) -> float:
        """An argument of the fault of that name; the default too when the request does not have the fault."""
        fault = self.get(name)
        return default if fault is None else fault.number(at, default)


def parse(text: str) -> tuple[Fault, ...]:
    """Read a list of faults. Raises `FaultError`."""
    return tuple(_parse(part.strip()) for part in text.split(",") if part.strip())


def _parse(text: str) -> Fault:
    head, tilde, share = text.partition("~")
    head, at, times = head.partition("@")
    name, *args = head.split(":")
    if name not in MENU:
        raise FaultError(f"no fault is called {name!r}; `hive simulate --fault help` lists them")
    try:
        fault = Fault(
            name,
            tuple(unquote(arg) for arg in args),
            int(times) if at else None,
            float(share) if tilde else 1.0,
        )
    except ValueError:
        raise FaultError(f"cannot read fault {text!r}: expected name[:arg][@times][~probability]") from None
    if not 0.0 <= fault.probability <= 1.0:
        raise FaultError(f"fault {name}: a probability lies between 0 and 1, not at {share}")
    if name == "status" and not (args and args[0].isdigit() and 300 <= int(args[0]) <= 599):
        raise FaultError("fault status: expected a status from 300 to 599, such as `status:429`")
    if name == "redirect" and not all(arg.isascii() and arg.isprintable() for arg in fault.args):
        raise FaultError("fault redirect: a location has printable ASCII characters only")
    for place, arg in enumerate(fault.args):
        if name in _TEXT_ARGS or place >= _NUMBERS.get(name, 2):
            break
        if "=" not in arg:
            fault.number(place, 0.0)
    return fault


_TEXT_ARGS = frozenset({"say", "availability"})
_NUMBERS = {"redirect": 1}


def menu() -> Iterator[str]:
    """The grammar and the menu as lines of text."""
    yield GRAMMAR
    group = ""
    for name, known in MENU.items():
        if known.group != group:
            group = known.group
            yield f"{group}:"
        usage = f"{name}:{known.args}" if known.args and not known.args.startswith("[") else name + known.args
        yield f"  {usage:38} {known.does}"
