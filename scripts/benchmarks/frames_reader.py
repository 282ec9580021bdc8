"""A terminal for the `frames` measurement: reads the pty, notes when each synchronised frame ends, answers, types."""

from __future__ import annotations

import fcntl
import os
import pty
import random
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence

FRAME_END = b"\x1b[?2026l"
MODE_QUESTION = re.compile(rb"\x1b\[\?(\d+)\$p")
KEYS = re.compile(rb"keys (\d{6})")
PANE_ROW = re.compile(rb"[a-z]{3,} [a-z]{3,}")
"""A frame counts when it shows text of the streams: one that only echoes a key does not."""
KEPT = 32


class Terminal:
    """Runs a command on a pty of its own and watches it from outside."""

    def __init__(
        self, command: Sequence[str], width: int, height: int, environ: Mapping[str, str], bytes_per_s: float = 0
    ) -> None:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=dict(environ), start_new_session=True
        )
        os.close(slave)
        self.master = master
        self.bytes_per_s = bytes_per_s
        self.frames: list[float] = []
        self.bytes = 0
        self.keys_shown = 0
        self.key_times: dict[int, float] = {}
        self.latencies: list[float] = []
        self._tail = b""
        self._frame = bytearray()

    def watch(self, seconds: float, presses_per_s: float = 0.0, seed: int = 0) -> None:
        """Read for a while; press keys at random moments, about so many a second."""
        chance = random.Random(seed)
        end = time.monotonic() + seconds
        press_at = time.monotonic() + chance.expovariate(presses_per_s) if presses_per_s else end
        allowed_from = time.monotonic()
        while (now := time.monotonic()) < end:
            if now >= press_at:
                self.press()
                press_at = now + 0.004 + chance.expovariate(presses_per_s)
            wait = min(end, press_at) - now
            if self.bytes_per_s and allowed_from > now:
                time.sleep(min(wait, allowed_from - now))
                continue
            if not select.select([self.master], [], [], max(0.0, wait))[0]:
                continue
            size = 65536 if not self.bytes_per_s else 512
            try:
                data = os.read(self.master, size)
            except OSError:
                raise RuntimeError(f"the screen ended: {bytes(self._frame[-2000:])!r}") from None
            now = time.monotonic()
            if self.bytes_per_s:
                allowed_from = max(allowed_from, now - 0.01) + len(data) / self.bytes_per_s
            self._take(data, now)

    def press(self) -> None:
        number = len(self.key_times) + 1
        self.key_times[number] = time.monotonic()
        os.write(self.master, b"x")

    def _take(self, data: bytes, now: float) -> None:
        self.bytes += len(data)
        joined = self._tail + data
        for found in MODE_QUESTION.finditer(joined):
            if found.end() > len(self._tail):
                os.write(self.master, b"\x1b[?%s;%d$y" % (found[1], 2 if found[1] == b"2026" else 0))
        for found in KEYS.finditer(joined):
            for number in range(self.keys_shown + 1, int(found[1]) + 1):
                if number in self.key_times:
                    self.latencies.append(now - self.key_times[number])
            self.keys_shown = max(self.keys_shown, int(found[1]))
        self._tail = joined[-KEPT:]
        self._frame += data
        while (at := self._frame.find(FRAME_END)) >= 0:
            if PANE_ROW.search(self._frame, 0, at):
                self.frames.append(now)
            del self._frame[: at + len(FRAME_END)]

    def cpu_seconds(self) -> float:
        """User and system time of the screen's process so far."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def switches(self) -> int:
        """How often the screen's threads have given up the processor by themselves: each is a wake-up."""
        total = 0
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/status") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("voluntary"))
        return total

    def memory(self) -> dict[str, float]:
        """Resident and unshared memory of the screen, in MB."""
        with open(f"/proc/{self.process.pid}/smaps_rollup") as file:
            kb = {line.split(":")[0]: int(line.split()[1]) for line in file if line.endswith("kB\n")}
        return {"rss": kb["Rss"] / 1024, "uss": (kb["Private_Clean"] + kb["Private_Dirty"]) / 1024}

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)
