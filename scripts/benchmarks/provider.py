"""A model server whose streams stand ready as bytes before anyone asks, so that it is never the slow part.

It speaks OpenAI's dialect. The model's name says what is sent: `flood/FRAMES/CHUNKS` is that many chunks, so many
frames an HTTP chunk, as fast as the socket takes them; `flood/FRAMES/CHUNKS/RATE` is so many chunks a second. Run as a
process it prints its port and serves until its standard input ends; the pieces of its wire are also used by
measurements that serve from their own loop.
"""

from __future__ import annotations

import os
import re
import socket
import sys
import threading
import time

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
PATTERN = 4096
"""Chunks after which a flood repeats itself."""
_FRAME = (
    b'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,"model":"bench-model",'
    b'"choices":[{"index":0,"delta":%s,"finish_reason":%s}]%s}\n\n'
)
_ASKED = re.compile(rb'"model":\s*"flood/(\d+)/(\d+)(?:/(\d+))?')
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def frame(text: str) -> bytes:
    """One server-sent event that carries a chunk of an answer; `text` needs no escapes."""
    return _FRAME % (b'{"content":"%b"}' % text.encode(), b"null", b"")


def http_chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def ending(chunks: int) -> bytes:
    """Finish reason, usage, end mark and the end of the body."""
    usage = b',"usage":{"prompt_tokens":10,"completion_tokens":%d,"total_tokens":%d}' % (chunks, chunks + 10)
    events = _FRAME % (b"{}", b'"stop"', b"") + _FRAME % (b"{}", b"null", usage) + b"data: [DONE]\n\n"
    return http_chunk(events) + b"0\r\n\r\n"


def request_end(data: bytes) -> int | None:
    """Where the request that `data` begins with ends, if it is whole."""
    head = data.find(b"\r\n\r\n")
    if head < 0:
        return None
    length = _LENGTH.search(data, 0, head)
    end = head + 4 + (int(length[1]) if length else 0)
    return end if len(data) >= end else None


def pattern(frames: int) -> list[bytes]:
    """`PATTERN` chunks of text as HTTP chunks with `frames` each; a chunk is a word of five bytes."""
    words = [f" {number:04x}" for number in range(PATTERN)]
    parts = [words[at : at + frames] for at in range(0, PATTERN, frames)]
    return [http_chunk(b"".join(map(frame, part))) for part in parts]


def serve(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    data = b""
    with connection:
        while True:
            end = request_end(data)
            if end is None:
                more = connection.recv(65536)
                if not more:
                    return
                data += more
                continue
            asked, data = _ASKED.search(data[:end]), data[end:]
            frames, chunks, rate = (int(each or 0) for each in asked.groups()) if asked else (1, PATTERN, 0)
            pieces = pattern(frames)
            connection.sendall(HEAD)
            if rate:
                send_paced(connection, pieces, chunks // frames, rate / frames)
            else:
                whole = b"".join(pieces)
                for _ in range(max(1, chunks // PATTERN)):
                    connection.sendall(whole)
            connection.sendall(ending(chunks))


def send_paced(connection: socket.socket, pieces: list[bytes], count: int, rate: float) -> None:
    """Each piece at its time; one that is late does not delay the next."""
    begun = time.monotonic()
    for number in range(count):
        ahead = begun + number / rate - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)
        connection.sendall(pieces[number % len(pieces)])


def _watched(connection: socket.socket) -> None:
    try:
        serve(connection)
    except ConnectionError:
        return  # The client has had enough.


def main_serve() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
        while True:
            threading.Thread(target=_watched, args=(listening.accept()[0],), daemon=True).start()


if __name__ == "__main__":
    main_serve()
