"""Starting one of Hive's own processes, in a session of its own, with the environment's own Python."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping, Sequence

PACKAGE_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def spawn_core(environment: Mapping[str, str]) -> tuple[int, socket.socket]:
    """Start a core; returns its pid and this side's end of the command socket.

    The core's own end is inherited, so there is no name, no permission and no clash.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        return spawn_module("hive_tui.core", ["--socket", str(theirs.fileno())], [theirs.fileno()], environment), ours


def spawn_module(
    module: str, arguments: Sequence[str], descriptors: Sequence[int], environment: Mapping[str, str]
) -> int:
    """Run `python -P -m module arguments`; it inherits the descriptors and nothing else. Returns its pid.

    `-P` keeps the user's current folder off the module path; a checkout that is not installed is put on it by name.
    What was started with `-I`, as `scripts/hive` does, starts others so: PYTHON* variables reach none of them.
    """
    command = [sys.executable, "-I" if sys.flags.isolated else "-P", "-m", module, *arguments]
    environment = dict(environment)
    if os.path.basename(PACKAGE_ROOT) != "site-packages":
        old = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = PACKAGE_ROOT if not old else f"{PACKAGE_ROOT}{os.pathsep}{old}"
    for descriptor in descriptors:
        os.set_inheritable(descriptor, True)
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDWR, 0),
        (os.POSIX_SPAWN_DUP2, 0, 1),
        (os.POSIX_SPAWN_DUP2, 0, 2),
    ]
    try:
        return os.posix_spawn(sys.executable, command, environment, file_actions=actions, setsid=True)
    except NotImplementedError:
        # macOS before 10.15 has no POSIX_SPAWN_SETSID.
        import subprocess

        null = subprocess.DEVNULL
        return subprocess.Popen(
            command,
            env=environment,
            stdin=null,
            stdout=null,
            stderr=null,
            pass_fds=descriptors,
            start_new_session=True,
        ).pid
