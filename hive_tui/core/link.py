"""One end of the command socket, on an event loop; both processes use it."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable

from hive_tui.core.commands import Frames, FramesError

READ_SIZE = 256 * 1024


class Link:
    """Whole frames in, whole frames out, descriptors beside them; never blocks the loop."""

    def __init__(
        self,
        end: socket.socket,
        on_frame: Callable[[int, int, bytes], None],
        on_closed: Callable[[], None],
    ) -> None:
        """Take over `end`. `on_frame` gets (kind, number, payload); `on_closed` is called once, when the other side has
        gone. Descriptors that came are in `descriptors`, oldest first, and are the receiver's to close."""
        end.setblocking(False)
        self.descriptors: list[int] = []
        self._socket = end
        self._frames = Frames()
        self._on_frame = on_frame
        self._on_closed = on_closed
        self._out: list[tuple[memoryview, int | None]] = []
        self._loop = asyncio.get_running_loop()
        self._open = True
        self._loop.add_reader(end.fileno(), self._readable)

    def send(self, frame: bytes, descriptor: int | None = None) -> None:
        """Queue a frame; a descriptor that goes with it is closed here once it is sent."""
        if not self._open:
            if descriptor is not None:
                os.close(descriptor)
            return
        self._out.append((memoryview(frame), descriptor))
        if len(self._out) == 1:
            self._writable()

    def close(self) -> None:
        if not self._open:
            return
        self._open = False
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        self._socket.close()
        for _frame, descriptor in self._out:
            if descriptor is not None:
                os.close(descriptor)
        self._out.clear()

    def poll(self) -> None:
        """Read what is there now, without waiting for the loop to say so."""
        if self._open:
            self._readable()

    def _readable(self) -> None:
        try:
            data, descriptors, _flags, _address = socket.recv_fds(self._socket, READ_SIZE, 8)
        except (BlockingIOError, InterruptedError):
            return
        except ConnectionError:
            data, descriptors = b"", []
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)  # Received ones are, and a child would keep the pipe open.
        self.descriptors += descriptors
        if not data:
            self._gone()
            return
        try:
            frames = self._frames.feed(data)
        except FramesError:
            self._gone()
            return
        for kind, number, payload in frames:
            self._on_frame(kind, number, payload)

    def _gone(self) -> None:
        if self._open:
            self.close()
            self._on_closed()

    def _writable(self) -> None:
        while self._out:
            frame, descriptor = self._out[0]
            try:
                if descriptor is None:
                    sent = self._socket.send(frame)
                else:
                    sent = socket.send_fds(self._socket, [frame], [descriptor])
                    os.close(descriptor)
            except (BlockingIOError, InterruptedError):
                self._loop.add_writer(self._socket.fileno(), self._writable)
                return
            except (BrokenPipeError, ConnectionError):
                self._loop.call_soon(self._gone)
                return
            if sent < len(frame):
                self._out[0] = (frame[sent:], None)
            else:
                self._out.pop(0)
        self._loop.remove_writer(self._socket.fileno())
