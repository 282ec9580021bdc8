"""A real browser for tests: the Chromium that kaleido carries in its wheel, with all the libraries that it needs.

Kaleido makes pictures of plots: it takes a script that stands for the plotting library, and answers each line on stdin
with what that script's `toImage` gives. The script here runs what it is sent, so a test can open a page in a frame of
any size, press keys in it and read what it shows. Chromium 88 (2021): what works there works in browsers of today.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

from kaleido.scopes.base import BaseScope

_FLAGS = (
    "--no-sandbox",
    "--single-process",
    "--disable-gpu",
    "--allow-file-access-from-files",
    "--disable-breakpad",
    "--disable-dev-shm-usage",
)
_PATIENCE = 5
"""Seconds, more with each try. About one start in a hundred never answers, more where it is several processes: the page
is there before Kaleido listens to it."""
_DRIVER = """
window.Plotly = {version: "2.0.0", toImage: async (figure) => {
    try { return JSON.stringify({value: await new Function("return (async () => {" + figure.data[0] + "})()")()}); }
    catch (error) { return JSON.stringify({error: String(error)}); }
}};
window.until = async (holds) => {
    for (let turn = 0; turn < 3000; turn++) {
        const found = holds();
        if (found) return found;
        await new Promise((wake) => setTimeout(wake, 10));
    }
    throw new Error("it never came: " + holds);
};
window.show = async (url, width, height) => {
    const frame = document.createElement("iframe");
    const loaded = new Promise((done) => { frame.onload = done; });
    frame.style.width = width + "px";
    frame.style.height = height + "px";
    frame.src = url;
    document.body.append(frame);
    await loaded;
    // Kaleido speaks to whatever began last, and ends with it.
    frame.contentWindow.kaleido_scopes = {
        plotly: (figure, ...rest) => window.kaleido_scopes.plotly(JSON.parse(JSON.stringify(figure)), ...rest),
    };
    Object.assign(window, {
        page: frame.contentDocument,
        key: (name, more) => {
            const target = frame.contentDocument.activeElement || frame.contentDocument.body;
            target.dispatchEvent(new frame.contentWindow.KeyboardEvent(
                "keydown", {key: name, bubbles: true, cancelable: true, ...more}));
        },
        text: (selector) => frame.contentDocument.querySelector(selector).textContent,
    });
    return "shown";
};
"""


class PageError(Exception):
    """What the page's script threw."""


class Browser:
    """A process for one page; once it is shown, a script that is asked has `page`, `key`, `text` and `until`."""

    def __init__(self, folder: Path) -> None:
        driver = folder / "driver.js"
        driver.write_text(_DRIVER)
        self._process = _started(driver)
        begun = self._answer()
        assert begun["code"] == 0, begun

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _end(self._process)

    def show(self, file: Path, width: int = 1200, height: int = 800) -> None:
        assert self.ask(f"return show({json.dumps(file.as_uri())}, {width}, {height})") == "shown"

    def ask(self, script: str) -> Any:
        """What the script returns. Raises PageError."""
        spec = {"format": "svg", "width": 1, "height": 1, "scale": 1, "data": {"data": [script], "layout": {}}}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(spec).encode() + b"\n")
        self._process.stdin.flush()
        told = self._answer()
        if told["code"]:
            raise PageError(told["message"])
        result = json.loads(told["result"])
        if "error" in result:
            raise PageError(result["error"])
        return result.get("value")

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise PageError(f"the browser ended with {self._process.wait(10)}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _started(driver: Path) -> subprocess.Popen[bytes]:
    for turn in range(1, 6):
        process = subprocess.Popen(
            [BaseScope.executable_path(), "plotly", f"--plotlyjs={driver}", *_FLAGS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        if select.select([process.stdout], [], [], turn * _PATIENCE)[0]:
            return process
        _end(process)
    raise PageError("the browser does not start")


def _end(process: subprocess.Popen[bytes]) -> None:
    """A shell stands before the browser: the whole group has to go."""
    os.killpg(process.pid, signal.SIGKILL)
    with process:  # Closes its pipes and waits.
        pass
