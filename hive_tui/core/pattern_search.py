"""A search for a pattern in a process of its own.

A regular expression can take for ever on a short text, and Python lets no other thread run meanwhile: in the core it
would hold up every live run, and nobody could give it up.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from hive_tui.core.commands import FindPlace, PlaceFound, Refused, Reply, decode_reply
from hive_tui.core.spawning import spawn_module
from hive_tui.events import ErrorInfo
from hive_tui.recording.navigation.breaks import find, parse_condition
from hive_tui.recording.navigation.walker import Place
from hive_tui.recording.timeline import Timeline

LIMIT_S = 600
"""Seconds of a processor after which a search ends itself, were its core to die over it."""
LOOK_S = 0.05
"""Between two looks at whether the search is still wanted."""


def search_apart(asked: FindPlace, folder: Path, environment: Mapping[str, str], wanted: Callable[[], None]) -> Reply:
    """The place where a break point is met, in the recording of that folder.

    `wanted` is called often; what it raises ends the search.

    Raises:
        OSError: no process can be started.
    """
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            pid = spawn_module(__name__, [str(theirs.fileno())], [theirs.fileno()], environment)
        try:
            answer = _ask(ours, msgspec.structs.replace(asked, run=str(folder)), wanted)
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    if not answer:
        message = f"{asked.where}: the search ended without an answer: the pattern takes too long"
        return Refused(ErrorInfo(kind="recording", message=message))
    return decode_reply(answer)


def _ask(end: socket.socket, asked: FindPlace, wanted: Callable[[], None]) -> bytes:
    end.sendall(msgspec.msgpack.encode(asked))
    end.shutdown(socket.SHUT_WR)
    end.settimeout(LOOK_S)
    answer = b""
    while True:
        wanted()
        try:
            data = end.recv(65_536)
        except TimeoutError:
            continue
        except ConnectionResetError:
            return b""
        if not data:
            return answer
        answer += data


def _find(asked: FindPlace) -> Reply:
    condition = parse_condition(asked.where.removeprefix("break:"))
    try:
        timeline = Timeline(Path(asked.run))
        hit = find(timeline, condition, Place(asked.seq, asked.chunks), backwards=asked.backwards)
    except (OSError, ValueError) as error:
        return Refused(ErrorInfo(kind="recording", message=str(error)))
    if hit is None:
        side = "before" if asked.backwards else "after"
        message = f"no place where {asked.where.removeprefix('break:')} holds {side} this place"
        return Refused(ErrorInfo(kind="place", message=message))
    return PlaceFound(hit.place.seq, hit.place.chunks, hit.time_ns)


def main() -> None:
    """The process: one question comes over the inherited socket, and one answer goes back."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S))
    with socket.socket(fileno=int(sys.argv[1])) as end:
        question = b"".join(iter(lambda: end.recv(65_536), b""))
        end.sendall(msgspec.msgpack.encode(_find(msgspec.msgpack.decode(question, type=FindPlace))))


if __name__ == "__main__":
    main()
