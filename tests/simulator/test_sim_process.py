"""The simulator as a process: it says where it is, it is light, and it never outlives whoever started it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

HEAVY = (
    "httpx",
    "numpy",
    "numba",
    "textual",
    "rich",
    "msgspec",
    "duckdb",
    "tiktoken",
    "hive_tui.models",
    "hive_tui.core",
)


@contextmanager
def process(*arguments: str, module: str = "hive_tui.simulator", **more: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", module, *arguments]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    child = subprocess.Popen(command, text=True, **{**pipes, **more})
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        for pipe in filter(None, (child.stdin, child.stdout, child.stderr)):
            pipe.close()


def models(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/api/v1/models")
    status = connection.getresponse().status
    connection.close()
    return status


def test_it_says_where_it_listens_in_one_line_and_ends_with_its_parents_pipe() -> None:
    with process("--life-fd", "0", "--refusing-port") as child:
        ready = json.loads(child.stdout.readline())
        assert ready["base_url"] == f"http://127.0.0.1:{ready['port']}/api/v1"
        assert ready["pid"] == child.pid
        assert models(ready["port"]) == 200
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", ready["refusing_port"]), timeout=30)
        child.stdin.close()
        assert child.wait(30) == 0
        assert child.stdout.read() == ""


def test_the_ready_line_may_go_to_a_descriptor() -> None:
    ready, writing = os.pipe()
    with process("--ready-fd", str(writing), "--dialect", "openai", "--life-fd", "0", pass_fds=(writing,)):
        os.close(writing)
        with os.fdopen(ready) as pipe:
            said = pipe.read()  # to its end: the server closes the descriptor
    assert json.loads(said)["base_url"].endswith("/v1")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_even_in_mid_stream(number: signal.Signals) -> None:
    with process("--fault", "stall:1") as child:
        port = json.loads(child.stdout.readline())["port"]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        body = json.dumps({"model": "sim/instant", "stream": True, "messages": [{"role": "user", "content": "hi"}]})
        connection.request("POST", "/api/v1/chat/completions", body)
        assert connection.getresponse().readline().startswith(b":")
        child.send_signal(number)
        assert child.wait(30) == 0
        assert child.stderr.read() == ""
        connection.close()


def test_a_port_that_is_taken_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with process("--port", str(taken.getsockname()[1])) as child:
            assert child.wait(30) == 3
            assert "in use" in child.stderr.read()


def test_a_life_that_cannot_be_watched_is_said() -> None:
    with open(__file__) as file, process("--life-fd", "0", stdin=file) as child:
        assert child.wait(30) == 3
        assert "neither a pipe nor a socket" in child.stderr.read()


def test_a_fault_that_is_none_is_a_usage_error() -> None:
    with process("--fault", "nope") as child:
        assert child.wait(30) == 2
        assert "nope" in child.stderr.read()


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_a_usage_error(port: str) -> None:
    with process("--port", port) as child:
        assert child.wait(30) == 2
        assert "expected a port from 0 to 65535" in child.stderr.read()


def test_the_dialect_may_be_called_as_hive_ask_calls_it() -> None:
    with process("--dialect", "openrouter", "--life-fd", "0") as child:
        assert json.loads(child.stdout.readline())["base_url"].endswith("/api/v1")


def test_it_is_light() -> None:
    code = "import sys, hive_tui.simulator.__main__, hive_tui.simulator.mind; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & set(HEAVY)


def test_https_with_a_certificate_of_ones_own(tmp_path) -> None:
    import ssl

    import trustme

    authority = trustme.CA()
    pem = tmp_path / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(pem)
    with process("--tls", str(pem), "--life-fd", "0") as child:
        ready = json.loads(child.stdout.readline())
        assert ready["base_url"].startswith("https://")
        stranger = http.client.HTTPSConnection("127.0.0.1", ready["port"], timeout=30)
        with pytest.raises(ssl.SSLCertVerificationError):
            stranger.request("GET", "/api/v1/models")
        context = ssl.create_default_context()
        authority.configure_trust(context)
        friend = http.client.HTTPSConnection("127.0.0.1", ready["port"], timeout=30, context=context)
        friend.request("GET", "/api/v1/models")
        assert friend.getresponse().status == 200
        friend.close()


def test_hive_simulate_greets_and_stops_at_ctrl_c() -> None:
    code = "import sys; from hive_tui.cli.simulate import run; sys.exit(run(['--dialect', 'anthropic']))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        greeting = [child.stdout.readline() for _ in range(4)]
        assert "anthropic" in greeting[0]
        assert "hive ask --endpoint http://127.0.0.1:" in greeting[2]
        child.send_signal(signal.SIGINT)
        rest = child.stdout.read()
        assert "Stopped." in rest
        assert "/v1/messages" in "".join(greeting) + rest
        assert child.wait(30) == 0


def test_hive_simulate_lists_the_faults(capsys: pytest.CaptureFixture[str]) -> None:
    from hive_tui.cli.simulate import run

    assert run(["--fault", "help"]) == 0
    assert "crlf" in capsys.readouterr().out
