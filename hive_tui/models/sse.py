"""Server-sent events from bytes: the WHATWG rules, incrementally and at linear cost.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html, "Interpreting an event stream". Two things are
added to it, both for servers that exist: the field `error` is handed on (llama.cpp wrote its errors there until 2025),
and an event that the end of the stream cut off is given when it is whole all the same (`[DONE]` or a JSON object).
"""

from __future__ import annotations

import msgspec

EVENT_CAP = 1 << 20
"""Largest event in bytes: its data, or one line of any kind."""

_BOM = b"\xef\xbb\xbf"
_LF = 10


class Event(msgspec.Struct, frozen=True, gc=False):
    """One dispatched event."""

    data: bytes
    """Valid UTF-8, lines joined by LF."""
    type: str = "message"
    id: str = ""
    """The last event id so far; it persists from event to event."""
    error: bytes | None = None
    """The non-standard field `error`; an event that has only this one is given too."""
    replaced: bool = False
    """Bytes that were no UTF-8 stood here and became U+FFFD."""
    at_eof: bool = False
    """The stream ended without the blank line: the standard would have dropped this event."""


class EventTooLarge(Exception):
    """An event grew beyond the cap; the stream cannot be read on."""

    def __init__(self, cap: int, events: list[Event]) -> None:
        super().__init__(f"an event is larger than {cap} bytes")
        self.events = events
        """What was complete before it in the same read."""


class SseParser:
    """Feed it what the socket brings; it gives the events that became complete.

    A line that is not complete yet is kept in pieces and joined once, when its end has come: however the stream is
    cut, a byte is copied a fixed number of times.
    """

    def __init__(self, cap: int = EVENT_CAP) -> None:
        self._cap = cap
        self._pieces: list[bytes] = []
        self._pieces_size = 0
        self._data: list[bytes] = []
        self._data_size = 0
        self._error: list[bytes] = []
        self._type = b""
        self._id = ""
        self._skip_lf = False
        self._started = False
        self.retry_ms: int | None = None
        """The last reconnection time that the server asked for, in milliseconds."""

    def feed(self, data: bytes) -> list[Event]:
        """Events completed by `data`. Raises `EventTooLarge`."""
        if self._skip_lf or b"\r" in data:
            data = self._only_lf(data)
        events: list[Event] = []
        if _LF not in data:
            if data:
                self._keep(data, events)
            return events
        lines = data.split(b"\n")
        tail = lines.pop()
        plain = data.isascii()
        if self._pieces:
            lines[0] = self._joined(lines[0])
            plain = False
        if not self._started:
            self._started = True
            lines[0] = lines[0].removeprefix(_BOM)
        if not (self._data or self._error or self._type) and len(data) <= self._cap and not any(lines[1::2]):
            # One field an event is how all but one provider write: each second line is blank.
            whole = len(lines) & ~1
            for line in lines[:whole:2]:
                if line[:6] == b"data: " and (plain or line.isascii()):
                    events.append(Event(line[6:], "message", self._id))
                elif line:
                    self._field(line, events)
                    self._dispatch(events)
            lines = lines[whole:]
        for line in lines:
            if line:
                self._field(line, events)
            else:
                self._dispatch(events)
        if tail:
            self._keep(tail, events)
        return events

    def close(self) -> list[Event]:
        """The end of the stream: the pending event if it is whole, else nothing. Raises `EventTooLarge`."""
        events: list[Event] = []
        if self._pieces:
            line = self._joined(b"")
            self._field(line if self._started else line.removeprefix(_BOM), events)
        self._dispatch(events, at_eof=True)
        return [event for event in events if _is_whole(event)]

    def _only_lf(self, data: bytes) -> bytes:
        """CRLF and CR become LF. A CR at the end counts at once; an LF that starts the next read belongs to it."""
        if not data:
            return data
        if self._skip_lf and data[0] == _LF:
            data = data[1:]
        self._skip_lf = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _keep(self, piece: bytes, events: list[Event]) -> None:
        self._pieces.append(piece)
        self._pieces_size += len(piece)
        if self._pieces_size > self._cap:
            raise EventTooLarge(self._cap, events)

    def _joined(self, last: bytes) -> bytes:
        self._pieces.append(last)
        line = b"".join(self._pieces)
        self._pieces.clear()
        self._pieces_size = 0
        return line

    def _field(self, line: bytes, events: list[Event]) -> None:
        name, _, value = line.partition(b":")
        if value[:1] == b" ":
            value = value[1:]
        if name == b"data":
            self._data.append(value)
        elif name == b"error":
            self._error.append(value)
        elif name == b"event":
            self._type = value
        elif name == b"id":
            if b"\0" not in value:
                self._id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit():
            self.retry_ms = int(value[:18])
        self._data_size += len(value) + 1 if name in (b"data", b"error") else 0
        if self._data_size > self._cap or len(line) > self._cap:
            raise EventTooLarge(self._cap, events)

    def _dispatch(self, events: list[Event], *, at_eof: bool = False) -> None:
        if self._data or self._error:
            data, replaced = _valid(b"\n".join(self._data))
            error = _valid(b"\n".join(self._error))[0] if self._error else None
            kind = self._type.decode("utf-8", "replace") or "message"
            events.append(Event(data, kind, self._id, error, replaced, at_eof))
            self._data.clear()
            self._error.clear()
            self._data_size = 0
        self._type = b""


def _valid(data: bytes) -> tuple[bytes, bool]:
    if data.isascii():
        return data, False
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace").encode(), True
    return data, False


def _is_whole(event: Event) -> bool:
    data = (event.data or event.error or b"").strip()
    if data == b"[DONE]":
        return True
    if not data.startswith(b"{"):
        return False
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
