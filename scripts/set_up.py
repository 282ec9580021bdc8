"""Makes the environment in `.venv`: python set_up.py CHECKOUT [EXTRA]. Run by `environment.sh`, when it must.

Standard library alone. A folder lock keeps two at once apart; `unfinished` stands for as long as anything is being
changed and the stamp is written last, so a set-up that was killed is seen and made anew. All output goes to stderr.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

UNUSABLE = 3
CANCELLED = 130

NO_NETWORK = (
    "NewConnectionError",
    "Temporary failure in name resolution",
    "Name or service not known",
    "ConnectTimeoutError",
    "nodename nor servname",
    "Network is unreachable",
    "Failed to establish",
)
"""What pip says when nothing could be reached."""

FOREIGN = (
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_USER",
    "PIP_REQUIRE_VIRTUALENV",
    "PYTHONHOME",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "__PYVENV_LAUNCHER__",
)
"""Variables of the caller's shell that would send the packages elsewhere."""


class Stop(Exception):
    """The set-up cannot be done here; the text says what to do."""


def say(text: str) -> None:
    print(f"hive: {text}", file=sys.stderr, flush=True)


def wanted(root: Path, extra: str) -> str:
    """Digest of what pyproject.toml says about the environment: the tools' sections may change without a set-up."""
    document = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    project = document["project"]
    parts = (
        extra,
        document["build-system"],
        project["version"],
        project["dependencies"],
        project.get("scripts"),
        project.get("optional-dependencies", {}).get(extra),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


class Environment:
    """The folder `.venv` of one checkout, with its lock held.

    Every process that works on the folder inherits the lock: one that outlives a killed set-up keeps the next waiting.
    """

    def __init__(self, root: Path, extra: str, lock: int) -> None:
        self.lock = lock
        self.root = root
        self.extra = extra
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"
        self.stamp = self.folder / (f"ready-{extra}" if extra else "ready")
        self.unfinished = self.folder / "unfinished"
        self.log = self.folder / "set-up.log"
        self.variables = {k: v for k, v in os.environ.items() if k not in FOREIGN}
        # Not an option: the pip that pip starts for the build system hears variables alone.
        self.variables["PIP_RETRIES"] = "2"

    def is_ready(self, digest: str) -> bool:
        checkout = self.folder / "checkout"
        if self.unfinished.exists() or not self.stamp.is_file() or not checkout.exists():
            return False
        return self.stamp.read_text() == digest and checkout.samefile(self.root) and self._works()

    def make(self, digest: str) -> None:
        """Bring the environment up to the digest. Raises Stop."""
        keep = not self.unfinished.exists() and self._is_of_here() and self._works()
        self.unfinished.touch()
        for stamp in self.folder.glob("ready*"):
            stamp.unlink()
        if not keep:
            self._create()
        self._install()
        self._compile()
        checkout = self.folder / "checkout"
        checkout.unlink(missing_ok=True)
        checkout.symlink_to(self.root)
        self.unfinished.unlink()
        if self.extra:
            # What an extra adds takes nothing away: `scripts/hive` finds its environment ready too.
            (self.folder / "ready").write_text(wanted(self.root, ""))
        self.stamp.write_text(digest)

    def _works(self) -> bool:
        """Whether its Python still runs (a system upgrade may have taken the one it was made from)."""
        if not os.access(self.python, os.X_OK):
            return False
        command = [str(self.python), "-I", "-c", "import pip"]
        return subprocess.run(command, capture_output=True).returncode == 0

    def _is_of_here(self) -> bool:
        checkout = self.folder / "checkout"
        return not checkout.is_symlink() or (checkout.exists() and checkout.samefile(self.root))

    def _create(self) -> None:
        for entry in self.folder.iterdir():
            if entry.name in ("lock", "unfinished"):
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        command = [sys.executable, "-I", "-m", "venv", "--symlinks", str(self.folder)]
        done = subprocess.run(command, env=self.variables, capture_output=True, text=True, pass_fds=(self.lock,))
        if done.returncode != 0:
            self.log.write_text(done.stdout + done.stderr)
            raise Stop(self._no_venv(done.stdout + done.stderr))
        if sys.version_info < (3, 12):
            # Its distutils hook is a line of site-packages that costs every start half a millisecond.
            self._run("pip", "uninstall", "--yes", "--quiet", "setuptools")

    def _no_venv(self, output: str) -> str:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        if "ensurepip" in output or "No module named" in output:
            command = "scripts/hive, after installing the module venv of Python " + version
            if shutil.which("apt-get"):
                command = f"sudo apt-get install python{version}-venv"
            return f"Python {version} at {sys.executable} has no venv module. Run: {command}"
        lines = output.split("\n")
        return f"{self.folder} could not be made: {' '.join(lines[-3:]).strip()}. All of it: {self.log}"

    def _install(self) -> None:
        target = f"{self.root}[{self.extra}]" if self.extra else str(self.root)
        options = [
            "--no-input",
            "--no-user",
            "--no-compile",
            "--disable-pip-version-check",
            "--progress-bar=off",
        ]
        # The script `hive` that an older pip writes imports `re`, which costs each start 5 to 10 ms. Failing here is no
        # matter: if there is no network, the next command says so.
        self._run("pip", "install", *options, "--upgrade", "pip>=25")
        code, output = self._run("pip", "install", *options, "--editable", target)
        if code == 0:
            return
        again = f"{self.root}/scripts/{'test' if self.extra else 'hive'}"
        if any(sign in output for sign in NO_NETWORK):
            raise Stop(f"the packages could not be fetched: no network. When it is back, run: {again}")
        last = [line for line in output.splitlines() if line.startswith("ERROR")][-3:]
        raise Stop(
            "\n  ".join(
                ["the packages could not be installed:", *last, f"All of it: {self.log}. To try again, run: {again}"]
            )
        )

    def _compile(self) -> None:
        """Bytecode, here and now: without it each start is three to four times slower, and a shell may forbid it later.

        The exit status is no verdict: some packages ship templates that are no valid Python.
        """
        library = next(self.folder.glob("lib/python*/site-packages"))
        self._run("compileall", "-q", "-j", "0", str(library), str(self.root / "hive_tui"))

    def _run(self, module: str, *arguments: str) -> tuple[int, str]:
        """Run a module of the environment; its words go to the log, and the latest line to a terminal."""
        lines: list[str] = []
        live = sys.stderr.isatty()
        command = [str(self.python), "-I", "-m", module, *arguments]
        with (
            self.log.open("a") as log,
            subprocess.Popen(
                command, env=self.variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, errors="replace", pass_fds=(self.lock,),
            ) as process,
        ):  # fmt: skip
            assert process.stdout is not None
            for line in process.stdout:
                log.write(line)
                lines.append(line)
                if live:
                    print(
                        f"\r\x1b[K  {line.rstrip()[: shutil.get_terminal_size().columns - 4]}",
                        end="",
                        file=sys.stderr,
                        flush=True,
                    )
        if live and lines:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        return process.returncode, "".join(lines)


def set_up(root: Path, extra: str) -> None:
    """Make the environment, or wait for the one who does. Raises Stop; OSError where the checkout cannot be written."""
    digest = wanted(root, extra)
    folder = root / ".venv"
    try:
        folder.mkdir(exist_ok=True)
    except FileExistsError:
        raise Stop(f"{folder} is no folder. Run: rm '{folder}', and start again") from None
    with (folder / "lock").open("w") as lock:
        environment = Environment(root, extra, lock.fileno())
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another start is setting up the environment; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if environment.is_ready(digest):
            os.utime(environment.stamp)  # a checkout touched pyproject.toml and changed nothing in it
            return
        began = time.monotonic()
        version = ".".join(map(str, sys.version_info[:3]))
        say(f"setting up {environment.folder} with Python {version}; this happens once and takes a minute or two")
        environment.make(digest)
        say(f"ready after {time.monotonic() - began:.0f} s")


def main(argv: list[str]) -> int:
    if not sys.platform.startswith(("linux", "darwin")):
        say(f"runs on Linux and macOS; this is {sys.platform}. On Windows, run it inside WSL")
        return UNUSABLE
    root, extra = Path(argv[0]).resolve(), argv[1] if len(argv) > 1 else ""
    try:
        set_up(root, extra)
    except Stop as stop:
        say(str(stop))
        return UNUSABLE
    except OSError as error:
        say(f"{root / '.venv'} cannot be written: {error.strerror or error}. Run it from a checkout that you own")
        return UNUSABLE
    except KeyboardInterrupt:
        say("the set-up was stopped; the next start makes it anew")
        return CANCELLED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
