"""The embedded simulator's process: started when a run first needs it, ended with the core."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping

import msgspec

from hive_tui.core.spawning import spawn_module

START_LIMIT_S = 10.0


class SimulatorError(RuntimeError):
    """The simulator's process did not come up."""


class _Ready(msgspec.Struct):
    port: int


class SimulatorProcess:
    """One loopback server, shared by all runs of a core."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._starting: asyncio.Task[str] | None = None
        self._pid = 0
        self._life = -1

    async def root(self) -> str:
        """Scheme, host and port of the running server; the first call starts it, and the first after its death.

        Raises:
            SimulatorError: it did not come up.
        """
        if self._starting is None or (self._starting.done() and (self._starting.exception() or self._has_ended())):
            self.close()
            self._starting = asyncio.create_task(self._start())
        # Shielded: a run that is cancelled must not take the simulator from the others.
        return await asyncio.shield(self._starting)

    async def _start(self) -> str:
        ready, ready_out = os.pipe()
        life_in, self._life = os.pipe()
        arguments = ["--ready-fd", str(ready_out), "--life-fd", str(life_in)]
        self._pid = spawn_module("hive_tui.simulator", arguments, (ready_out, life_in), self._environment)
        os.close(ready_out)
        os.close(life_in)
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        with os.fdopen(ready, "rb") as pipe:
            transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
            try:
                line = await asyncio.wait_for(reader.readline(), START_LIMIT_S)
            except TimeoutError as error:
                raise SimulatorError(f"the simulator did not start within {START_LIMIT_S:.0f} s") from error
            finally:
                transport.close()
        try:
            return f"http://127.0.0.1:{msgspec.json.decode(line, type=_Ready).port}"
        except msgspec.MsgspecError as error:
            raise SimulatorError("the simulator's process ended while starting") from error

    def _has_ended(self) -> bool:
        if self._pid and os.waitpid(self._pid, os.WNOHANG)[0]:
            self._pid = 0
        return not self._pid

    def close(self) -> None:
        """End it. Were this process to die, it would end by the pipe; but one that was stopped would hear nothing."""
        if self._starting is not None:
            self._starting.cancel()
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            self._pid = 0
        if self._life >= 0:
            os.close(self._life)
            self._life = -1
