"""What crosses the command socket: commands one way, replies and notices the other.

The socket is a stream of the records' own framing (`wire.HEADER`): kind 0x4000 is a command and 0x4001 a reply, the
sequence is the request's number (0 for a notice that nobody asked for), the payload is MessagePack of a tagged struct.
A doorbell's descriptor travels beside the `Attach` command (SCM_RIGHTS).
"""

from __future__ import annotations

import msgspec

from hive_tui.config.request import EndpointSpec, RunRequest
from hive_tui.core.comparing import ComparingCommand, ComparingReply
from hive_tui.core.run_commands import Pruned, RunCommand, RunsPage
from hive_tui.core.tagged import Tagged as _Tagged
from hive_tui.events import ErrorInfo
from hive_tui.wire import HEADER, HEADER_SIZE

COMMAND_KIND = 0x4000
REPLY_KIND = 0x4001
MAX_FRAME = 64 * 1024 * 1024


class Attach(_Tagged, frozen=True):
    """Take a place in the readers' table; the doorbell's writable end comes with it."""


class Ask(_Tagged, frozen=True):
    request: RunRequest


class Fork(_Tagged, frozen=True):
    """Go on from a place of a recorded run, or of one that goes on, as a run of its own; answered as `Ask` is."""

    parent: str
    """By whatever name a person has for it."""
    request: RunRequest
    """All of the new run, with what stays as it was in the parent."""
    seq: int
    chunks: int = 0
    """With `seq`, the place: as `walker.Place`."""
    prefix: str = ""
    """How the model of an answer that is cut there is told to go on from it (`models.prefix`), `none` to ask it anew;
    empty as its endpoint has it."""


class Cancel(_Tagged, frozen=True):
    """Stop a run, or with a stream named that attempt."""

    run: str
    stream: int = 0


class Retry(_Tagged, frozen=True):
    """End a live attempt and call its model once more."""

    run: str
    stream: int


class Ping(_Tagged, frozen=True):
    pass


class Warm(_Tagged, frozen=True):
    """A question is being typed: open connections to what the request would ask, and send nothing."""

    request: RunRequest


class Discover(_Tagged, frozen=True):
    """Look for local model servers on loopback."""


class ListModels(_Tagged, frozen=True):
    endpoint: EndpointSpec
    kept: bool = False
    """Only what is kept on disk, however old: no request is made."""


class Lanes(_Tagged, frozen=True):
    """Density of a recorded run's streams over its time, also of one that goes on."""

    run: str
    bins: int
    """An even number: how many at most."""


class TimelineLanes(_Tagged, frozen=True):
    """What the timeline shows of a stretch of a recorded run, also of one that goes on."""

    run: str
    start_ns: int = 0
    stop_ns: int | None = None
    """`None` is the run's end."""
    bins: int = 240
    """How many at most, each of a width that is a power of two in nanoseconds."""


class FindPlace(_Tagged, frozen=True):
    """A place of a recorded run by its name; a newer search ends one that is still going on."""

    run: str
    where: str
    """As `recording.places` names places; `next:WHAT` (marker, stage, round, error, retry) and `break:CONDITION` look
    from here on."""
    seq: int = 0
    chunks: int = 0
    """With `seq`, where one is."""
    backwards: bool = False


class StopFinding(_Tagged, frozen=True):
    """Give up the search that goes on."""


class SetMarker(_Tagged, frozen=True):
    """Name a place of a recorded run, also of one that goes on."""

    run: str
    name: str
    note: str = ""
    seq: int = 0
    chunks: int = 0


class RemoveMarker(_Tagged, frozen=True):
    run: str
    name: str


class Facts(_Tagged, frozen=True):
    """What works in the core: loop, kernels, device, vocabularies."""


Command = (
    Attach
    | Ask
    | Fork
    | Cancel
    | Retry
    | Ping
    | Warm
    | Discover
    | ListModels
    | Lanes
    | TimelineLanes
    | FindPlace
    | StopFinding
    | SetMarker
    | RemoveMarker
    | ComparingCommand
    | RunCommand
    | Facts
)


class Hello(_Tagged, frozen=True):
    """The first notice: the core lives and this is its ring."""

    ring: str
    pid: int
    version: str
    loop: str


class Attached(_Tagged, frozen=True):
    slot: int


class Asked(_Tagged, frozen=True):
    """The run exists; its events follow in the ring under `slot`."""

    run: str
    slot: int
    folder: str
    note: str = ""
    """Of a fork: what becomes of the call that is cut there."""


class Refused(_Tagged, frozen=True):
    """The command could not be carried out; nothing was sent to any model."""

    error: ErrorInfo
    exit_code: int = 3


class Done(_Tagged, frozen=True):
    """Carried out, nothing to tell."""


class Pong(_Tagged, frozen=True):
    cpu_s: float
    """User and system seconds of the core's process."""
    rss: int | None
    """Resident bytes; `None` where the system does not tell."""
    live_runs: int


class Found(_Tagged, frozen=True):
    """Local servers that answered."""

    endpoints: tuple[EndpointSpec, ...]
    models: tuple[tuple[str, ...], ...]
    """For each endpoint, what it offers."""


class Models(_Tagged, frozen=True):
    names: tuple[str, ...]
    stale: bool = False
    """Older than it should be, or nothing is kept at all."""
    problem: str = ""
    """Why it is, or why it cannot be kept."""


class LanesOf(_Tagged, frozen=True):
    """Bytes of text a bin, for each stream in order; the bins reach from the run's start to its last record."""

    streams: tuple[int, ...]
    bins: tuple[tuple[int, ...], ...]
    duration_ns: int


class CallLane(_Tagged, frozen=True):
    """One call on the timeline. Times are nanoseconds since the run began."""

    stream: int
    stage: str
    role: str
    round: int
    number: int
    started_ns: int
    first_ns: int | None = None
    """Its first text."""
    ended_ns: int | None = None
    outcome: str = ""
    """Empty while it goes on."""
    retried: bool = False
    """It failed, and another call stood in for it."""
    verdict: str = ""
    """What its stage said with it."""
    verdict_ns: int | None = None
    bins: tuple[int, ...] = ()
    """Bytes of text a bin; as many as reach from the stretch's first bin to the last with text."""
    quiet_before_ns: int = 0
    """How long nothing had come of it when the first bin began; 0 before its first text."""
    quiet_after_ns: int = 0
    """How long nothing comes of it behind the stretch, as far as `STALL_NS`; or 0 where something does."""


class StageSpan(_Tagged, frozen=True):
    """A stage in one of its rounds, from its beginning on."""

    name: str
    start_ns: int
    stop_ns: int | None = None
    """`None` while it goes on."""


class MarkedPlace(_Tagged, frozen=True):
    name: str
    note: str
    seq: int
    chunks: int
    time_ns: int


class TimelineOf(_Tagged, frozen=True):
    """What the timeline shows."""

    run: str
    duration_ns: int
    """Time of the last record."""
    start_ns: int
    """Where the first bin begins: a multiple of their width, at the stretch's start or before."""
    bin_ns: int
    lanes: tuple[CallLane, ...]
    stages: tuple[StageSpan, ...] = ()
    markers: tuple[MarkedPlace, ...] = ()
    costs: tuple[tuple[int, str], ...] = ()
    """(time, sum in USD of the calls that had ended by then), where a call's end changed it."""
    exact: bool = True
    """Whether the bins were counted chunk by chunk; else they are told by the keyframes around them."""
    problem: str = ""
    """Why there are no markers, where they cannot be read."""


class PlaceFound(_Tagged, frozen=True):
    """`seq` and `chunks` are those of `walker.Place`."""

    seq: int
    chunks: int
    time_ns: int


class FactList(_Tagged, frozen=True):
    """(subject, `ok` or `absent` or `failed`, what is so, what to do)."""

    facts: tuple[tuple[str, str, str, str], ...]


class Finished(_Tagged, frozen=True):
    """Notice: the run's recording is whole on the disk, or `error` says why it is not."""

    run: str
    error: str = ""


class CutOff(_Tagged, frozen=True):
    """Notice: runs that a killed core left without an end; what came is kept."""

    runs: tuple[str, ...]


Reply = (
    Hello
    | Attached
    | Asked
    | Refused
    | Done
    | Pong
    | Found
    | Models
    | LanesOf
    | TimelineOf
    | PlaceFound
    | ComparingReply
    | RunsPage
    | Pruned
    | FactList
    | Finished
    | CutOff
)

_encode = msgspec.msgpack.Encoder().encode
_commands: msgspec.msgpack.Decoder[Command] = msgspec.msgpack.Decoder(Command)
_replies: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)


def encode_command(command: Command, number: int) -> bytes:
    payload = _encode(command)
    return HEADER.pack(len(payload), COMMAND_KIND, 0, 0, 0, number, 0) + payload


def encode_reply(reply: Reply, number: int) -> bytes:
    payload = _encode(reply)
    return HEADER.pack(len(payload), REPLY_KIND, 0, 0, 0, number, 0) + payload


class FramesError(ValueError):
    """The other side of the socket does not speak this protocol."""


class Frames:
    """Cuts the socket's bytes into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[int, int, bytes]]:
        """(kind, number, payload) of each frame that is whole now.

        Raises:
            FramesError: a frame announces more than 64 MiB.
        """
        self._buffer += data
        frames = []
        start = 0
        while start + HEADER_SIZE <= len(self._buffer):
            length, kind, _flags, _slot, _stream, number, _time = HEADER.unpack_from(self._buffer, start)
            if length > MAX_FRAME:
                raise FramesError(f"a frame of {length} bytes on the command socket")
            stop = start + HEADER_SIZE + length
            if stop > len(self._buffer):
                break
            frames.append((kind, number, bytes(self._buffer[start + HEADER_SIZE : stop])))
            start = stop
        del self._buffer[:start]
        return frames


def decode_command(payload: bytes) -> Command:
    """Raises:
    msgspec.MsgspecError: not a command of this version.
    """
    return _commands.decode(payload)


def decode_reply(payload: bytes) -> Reply:
    """Raises:
    msgspec.MsgspecError: not a reply of this version.
    """
    return _replies.decode(payload)
