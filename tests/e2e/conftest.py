"""The real command in processes of its own, a real simulator, and servers that say whatever a test scripts.

Nothing here reaches into Hive: a test sees what a person or a script sees, and what lies on the disk afterwards.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hive_tui.recording.format import DamagedError
from hive_tui.recording.reader import LogCursor, read_records
from hive_tui.state import RunState, fold_all

ROOT = Path(__file__).parents[2]
QUESTION = "What is 17% of 240?"
PATIENCE_S = 30.0
"""Bound of every wait: reached only when something hangs, however slow the machine is."""


def wait_until(true: Callable[[], Any], what: str, limit_s: float = PATIENCE_S) -> Any:
    """Wait for something that another process does; gives what it was."""
    deadline = time.monotonic() + limit_s
    while not (found := true()):
        if time.monotonic() > deadline:
            pytest.fail(f"waited {limit_s:g} s in vain for {what}")
        time.sleep(0.005)
    return found


@pytest.fixture
def until() -> Callable[..., Any]:
    return wait_until


@dataclass
class Done:
    """A command that has ended."""

    code: int
    out: bytes
    err: bytes

    @property
    def said(self) -> str:
        return self.err.decode()

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass
class Running:
    """A command under way; its streams go to files, so that it never waits for the test."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path

    @property
    def said(self) -> str:
        return self.err.read_text(errors="replace")

    def signal(self, number: int) -> int:
        """Send a signal; gives the machine's monotonic clock just before."""
        at_ns = time.monotonic_ns()
        self.process.send_signal(number)
        return at_ns

    @property
    def core(self) -> int:
        """Pid of the core that it started."""
        return int(wait_until(lambda: processes_of(self.process.pid, "hive_tui.core"), "the core's process")[0])

    def wait(self, limit_s: float = PATIENCE_S) -> Done:
        code = self.process.wait(limit_s)
        return Done(code, self.out.read_bytes(), self.err.read_bytes())


def processes_of(parent: int, module: str) -> list[int]:
    """Pids of the processes that it started as `python -m module`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = entry.joinpath("cmdline").read_bytes().split(b"\0")
            of = int(entry.joinpath("stat").read_text().rpartition(")")[2].split()[1])
            if of == parent and module.encode() in words:
                found.append(int(entry.name))
    return found


@pytest.fixture
def children() -> Callable[[int, str], list[int]]:
    return processes_of


@dataclass
class Hive:
    """The command `hive` on a home of its own."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)
    started: list[Running] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def runs(self) -> Path:
        return self.home / "data" / "runs"

    def environment(self, more: dict[str, str]) -> dict[str, str]:
        clean = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "HIVE_HOME": str(self.home), "LANG": "C.UTF-8"}
        return {**clean, "PYTHONPATH": str(ROOT), **self.environ, **more}

    def __call__(
        self, *words: str | bytes, stdin: bytes = b"", env: dict[str, str] | None = None, **options: Any
    ) -> Done:
        """Run to the end."""
        done = subprocess.run(
            command(*words),
            input=stdin,
            env=self.environment(env or {}),
            cwd=self.folder,
            timeout=PATIENCE_S,
            **{"capture_output": True, **options},
        )
        return Done(done.returncode, done.stdout or b"", done.stderr or b"")

    def start(self, *words: str, env: dict[str, str] | None = None, **options: Any) -> Running:
        out, err = self.folder / f"out-{len(self.started)}", self.folder / f"err-{len(self.started)}"
        with out.open("wb") as to_out, err.open("wb") as to_err:
            streams = {"stdin": subprocess.DEVNULL, "stdout": to_out, "stderr": to_err, **options}
            process = subprocess.Popen(command(*words), env=self.environment(env or {}), cwd=self.folder, **streams)
        self.started.append(Running(process, out, err))
        return self.started[-1]

    def profile(self, text: str, name: str = "default") -> None:
        folder = self.home / "config" / "profiles"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.toml").write_text(text)

    def processes(self) -> list[int]:
        """Every live process of this home."""
        wanted = f"HIVE_HOME={self.home}".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if wanted in entry.joinpath("environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
        return found

    def segments(self) -> list[str]:
        """Shared-memory segments that are registered, or were left without being registered."""
        registry = self.home / "run" / "rings"
        return [path.name for path in registry.iterdir()] if registry.is_dir() else []

    def recorded(self) -> RunState:
        """The newest run as far as it is recorded; an empty state while there is none."""
        for folder in sorted(self.runs.iterdir(), reverse=True) if self.runs.is_dir() else ():
            with contextlib.suppress(FileNotFoundError, DamagedError):
                return fold_all(read_records(folder))
        return RunState()

    def until_streaming(self, chunks: int = 5) -> RunState:
        """Wait until so much of an answer is recorded; a server has sent it some time before."""
        state: RunState = wait_until(
            lambda: (state := self.recorded()).attempts and state.attempts[-1].text.chunks >= chunks and state,
            "recorded text",
        )
        return state

    def bytes_kept(self) -> bytes:
        """Every byte under the home, recordings unpacked as well as they lie there."""
        kept = b"".join(path.read_bytes() for path in self.home.rglob("*") if path.is_file())
        for folder in self.runs.iterdir() if self.runs.is_dir() else ():
            kept += b"".join(LogCursor(folder).read())
        return kept


def command(*words: str | bytes) -> list[str | bytes]:
    return [sys.executable, "-P", "-m", "hive_tui", *words]


@pytest.fixture
def hive(tmp_path: Path) -> Iterator[Hive]:
    """The command; whatever a test does to it, no process and no shared memory may be left in the end."""
    hive = Hive(tmp_path)
    yield hive
    left = [run.process for run in hive.started if run.process.poll() is None]
    for process in left:
        process.kill()
        process.wait()
    try:
        assert not left, "a command was still running when its test ended"
        wait_until(lambda: not hive.processes(), "the end of all of Hive's processes")
        assert hive.segments() == []
    finally:
        for pid in hive.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@dataclass
class Simulator:
    """A simulator on loopback, and what it saw."""

    root: str

    def at(self, dialect: str = "openrouter-wire") -> list[str]:
        """Options of the command that name it."""
        base = {"openrouter": "/api/v1"}.get(dialect.partition("-")[0], "/v1")
        ours = dialect.partition("-")[0] if dialect.startswith(("openrouter", "anthropic")) else "openai"
        return ["--endpoint", f"{self.root}/{dialect}{base}", "--dialect", ours]

    def single(self, fault: str = "", model: str = "sim/instant") -> list[str]:
        """One stage, one instant model with that fault."""
        name = f"{model}+fault={fault}" if fault else model
        return [*self.at(), "--plan", "single", "--model", f"generator={name}"]

    def requests(self) -> list[dict[str, Any]]:
        """The calls so far, oldest first, with their times and headers."""
        calls = self._get("/_sim/stats")["log"]
        heard = {each["id"]: each for each in self._get("/_sim/requests")["requests"]}
        return [{**heard[call["id"]], **call} for call in calls]

    def call(self, number: int = 1) -> dict[str, Any]:
        """That call, once it is there."""
        calls: list[dict[str, Any]] = wait_until(
            lambda: (found := self.requests()) and len(found) >= number and found, f"call {number}"
        )
        return calls[number - 1]

    def reset(self) -> None:
        urllib.request.urlopen(urllib.request.Request(f"{self.root}/_sim/reset", method="POST")).close()

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(self.root + path) as answer:
            return json.load(answer)


@contextlib.contextmanager
def simulator_process(*options: str) -> Iterator[Simulator]:
    ready, ready_out = os.pipe()
    life, life_out = os.pipe()
    arguments = [sys.executable, "-P", "-m", "hive_tui.simulator", "--ready-fd", str(ready_out), "--life-fd", str(life)]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([*arguments, *options], pass_fds=(ready_out, life), env=environment)
    os.close(ready_out)
    os.close(life)
    try:
        with os.fdopen(ready) as said:
            where = json.loads(said.readline())
        yield Simulator("/".join(where["base_url"].split("/")[:3]))
    finally:
        os.close(life_out)
        process.wait(PATIENCE_S)


@pytest.fixture(scope="session")
def shared_simulator() -> Iterator[Simulator]:
    with simulator_process() as simulator:
        yield simulator


@pytest.fixture
def sim(shared_simulator: Simulator) -> Simulator:
    shared_simulator.reset()
    return shared_simulator


@pytest.fixture
def another_simulator() -> Callable[..., contextlib.AbstractContextManager[Simulator]]:
    return simulator_process


@dataclass
class Strange:
    """A server on loopback that reads a request, says what its script says, byte for byte, and closes."""

    script: Callable[[int, bytes], Iterator[bytes]]
    """Gives what to say to connection number n and its request; it may wait in between."""
    requests: list[bytes] = field(default_factory=list)
    _closing: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def options(self, dialect: str = "openai", scheme: str = "http") -> list[str]:
        named = ["--endpoint", f"{scheme}://127.0.0.1:{self.port}/v1", "--dialect", dialect]
        return [*named, "--plan", "single", "--model", "m"]

    def close(self) -> None:
        self._closing.set()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            request = b""
            while not _is_whole(request):
                piece = connection.recv(1 << 16)
                if not piece:
                    return
                request += piece
            self.requests.append(request)
            for piece in self.script(len(self.requests), request):
                connection.sendall(piece)


def _is_whole(request: bytes) -> bool:
    head, blank, body = request.partition(b"\r\n\r\n")
    size = next((line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b"0")
    return bool(blank) and len(body) >= int(size)


@pytest.fixture
def strange() -> Iterator[Callable[..., Strange]]:
    """Makes strange servers: of pieces of bytes, or of a function (connection number, request) -> pieces."""
    made: list[Strange] = []

    def make(*pieces: bytes, script: Callable[[int, bytes], Iterator[bytes]] | None = None) -> Strange:
        made.append(Strange(script or (lambda _number, _request: iter(pieces))))
        return made[-1]

    yield make
    for server in made:
        server.close()


STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"


@pytest.fixture
def sse() -> Callable[..., bytes]:
    """A response with these texts as chunks; `finish` is its finish reason, `None` leaves out everything after them."""

    def build(*texts: str, finish: str | None = "stop", **delta: str) -> bytes:
        frames = [{"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]} for text in texts]
        if delta:
            frames.append({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
        if finish is not None:
            frames.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        body = b"".join(b"data: " + json.dumps(frame).encode() + b"\n\n" for frame in frames)
        return STREAM + body + (b"" if finish is None else b"data: [DONE]\n\n")

    return build
