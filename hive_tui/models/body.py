"""The body of an answer: unpacked if it is packed, recognised for what it is, and read as that.

Servers do not always send what their headers say: an error as JSON with status 200, a web page, one JSON document
although a stream was asked for, gzip without a header. So the first bytes decide, not the content type.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from hive_tui.models.call import CallError, Part
from hive_tui.models.dialect import Reader
from hive_tui.models.errors import clean, failure
from hive_tui.models.sse import EventTooLarge, SseParser

DOCUMENT_CAP = 16 << 20
"""Largest JSON document that is taken for an answer, in bytes."""
_PIECE = 1 << 20
_BLANK_CAP = 1 << 16
_SAMPLE = 1 << 12
_GZIP_MAGIC = b"\x1f\x8b"
_SSE_LINE = re.compile(rb"(?:^|[\r\n])(?:data|event|id|retry|error)?:")


class Inflater:
    """Unpacks gzip and zlib bodies, and gzip that no header announced. Raises `CallError` for what it cannot."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding.strip().lower()
        self._unpack = zlib.decompressobj(47) if self._encoding in ("gzip", "x-gzip") else None
        self._head: bytes | None = b"" if self._encoding in ("", "identity", "deflate") else None
        if self._unpack is None and self._head is None:
            raise failure(
                "protocol", f"the server packs its answer as {self._encoding[:40]!r}, which was not asked for"
            )

    @property
    def transparent(self) -> bool:
        """The bytes are what they are: nothing is unpacked, now or later."""
        return self._unpack is None and self._head is None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The unpacked bytes, in pieces of at most a mebibyte when they had been packed."""
        if self._head is not None:
            data = self._head + data
            if len(data) < 2 and _GZIP_MAGIC.startswith(data):
                self._head = data
                return
            self._head = None
            if data.startswith(_GZIP_MAGIC):
                self._unpack = zlib.decompressobj(31)
            elif self._encoding == "deflate":
                # Some servers leave out the two bytes of zlib's header; no other stream begins with such a byte.
                self._unpack = zlib.decompressobj(15 if data[0] & 15 == 8 else -15)
        if self._unpack is None:
            yield data
            return
        while data:
            try:
                piece = self._unpack.decompress(data, _PIECE)
            except zlib.error as exc:
                raise failure("protocol", f"the packed answer is damaged: {exc}") from None
            if piece:
                yield piece
            data = self._unpack.unconsumed_tail
            if self._unpack.eof:
                # A gzip file may be several, one behind the other (RFC 1952, 2.2).
                data = self._unpack.unused_data
                if not data.startswith(_GZIP_MAGIC[:1]):
                    return
                self._unpack = zlib.decompressobj(31)


class Body:
    """Turns the bytes of a body with status 2xx into parts, whatever it turns out to be."""

    def __init__(self, reader: Reader, encoding: str, secret: str | None) -> None:
        self._reader = reader
        self._inflater = Inflater(encoding)
        self._parser = SseParser()
        self._head = b""
        self._sample = b""
        """What came before the first event, as far as a person would read it."""
        self._has_events = False
        self._secret = secret
        self._document: list[bytes] | None = None
        self._document_size = 0
        self._streams = False
        self._plain = False
        self.problem: CallError | None = None
        """Set when nothing more can come of this body; the parts before it stand."""

    @property
    def complete(self) -> bool:
        """The dialect's own end mark has come."""
        return self._reader.done

    @property
    def finished(self) -> bool:
        """The provider has said why it stopped, or that this is the end."""
        return self._reader.done or self._reader.finished

    def feed(self, data: bytes) -> list[Part]:
        """The parts that `data` brings. Never raises: what goes wrong stands in `problem`."""
        if self._plain:
            return self._events(data)
        parts: list[Part] = []
        try:
            for piece in self._inflater.feed(data):
                parts += self._take(piece)
                if self.problem is not None or self._reader.done:
                    break
        except CallError as error:
            self.problem = error
        return parts

    def close(self) -> list[Part]:
        """The body has ended."""
        parts: list[Part] = []
        if self.problem is not None:
            return parts
        if self._document is not None:
            parts = self._reader.whole(b"".join(self._document))
        else:
            try:
                events = self._parser.feed(self._head) + self._parser.close()
            except EventTooLarge as exc:
                self.problem = failure("too_large", str(exc))
                return parts
            if not self._reader.done:
                parts = self._reader.feed(events)
        if self._reader.failure is None:
            self._reader.close()
        self.problem = self._reader.failure
        if self.problem is not None and self.problem.info.kind == "empty" and not self._is_stream():
            said = clean(self._sample.decode("utf-8", "replace"), self._secret)
            self.problem = failure("protocol", f"the server answered with text instead of a stream: {said}")
        return parts

    def _is_stream(self) -> bool:
        """Whether there is anything at all of an event stream, or nothing of anything else."""
        return self._has_events or _SSE_LINE.search(self._sample) is not None or not self._sample.strip()

    def _take(self, piece: bytes) -> list[Part]:
        if self._streams:
            return self._events(piece)
        if self._document is None:
            self._head += piece
            start = self._head.removeprefix(b"\xef\xbb\xbf").lstrip()
            if start[:1] in (b"{", b"["):
                self._document = []
            elif start[:1] == b"<":
                self.problem = failure("html", "the server answered with a web page instead of a stream")
                return []
            elif (start and not b"\xef\xbb\xbf".startswith(start)) or len(self._head) > _BLANK_CAP:
                self._streams = True
                # From here on a body that is not packed goes straight to the parser.
                self._plain = self._inflater.transparent
            else:
                return []
            piece, self._head = self._head, b""
            if self._streams:
                return self._events(piece)
        self._document_size += len(piece)
        if self._document_size > DOCUMENT_CAP:
            self.problem = failure("too_large", f"the answer is a document of more than {DOCUMENT_CAP} bytes")
        elif self._document is not None:
            self._document.append(piece)
        return []

    def _events(self, data: bytes) -> list[Part]:
        try:
            events = self._parser.feed(data)
        except EventTooLarge as exc:
            self.problem = failure("too_large", f"{exc}; the stream was given up")
            return self._reader.feed(exc.events)
        if not events:
            if len(self._sample) < _SAMPLE:
                self._sample += data[:_SAMPLE]
            return []
        self._has_events = True
        parts = self._reader.feed(events)
        self.problem = self._reader.failure
        return parts
