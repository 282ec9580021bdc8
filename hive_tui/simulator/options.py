"""The command line that `python -m hive_tui.simulator` and `hive simulate` share."""

from __future__ import annotations

import argparse
import ssl
from typing import TYPE_CHECKING

from hive_tui.simulator.calls import Settings
from hive_tui.simulator.dialects import DEFAULT, DIALECTS
from hive_tui.simulator.faults import FaultError, parse
from hive_tui.simulator.pace import PACES

if TYPE_CHECKING:
    from pathlib import Path

RECORDED = "recorded"
"""The pace of a recording's own times."""


def add(parser: argparse.ArgumentParser, *, recordings: bool = False) -> None:
    """The options of the server; `recordings`: also those for playing a recording."""
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="port on loopback; 0 takes a free one")
    parser.add_argument(
        "--dialect",
        type=_dialect,
        choices=sorted(DIALECTS),
        default=DEFAULT,
        help="served under the bare /v1 (default: %(default)s)",
    )
    parser.add_argument("--seed", default="0", help="fixes answers, pace and faults (default: %(default)s)")
    paces, default = list(PACES), "each its own"
    if recordings:
        paces, default = [*paces, RECORDED], "each its own; a recording's: recorded"
    parser.add_argument("--pace", choices=paces, help=f"of all models (default: {default})")
    if recordings:
        parser.add_argument(
            "--recording", metavar="RUN", help="play a recorded run back as the provider, at --pace recorded or instant"
        )
    parser.add_argument(
        "--fault", action="append", default=[], metavar="FAULTS", help="faults of every call, such as status:429@1"
    )
    parser.add_argument("--tls", metavar="PEM", help="serve HTTPS with this file of certificate and key")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, got {text!r}")
    return int(text)


def _dialect(name: str) -> str:
    """The name, where `hive ask` calls the dialect by another one."""
    return DEFAULT if name == "openrouter" else name


def settings(parsed: argparse.Namespace, parser: argparse.ArgumentParser) -> Settings:
    """What the options say. Exits with status 2 on a fault that is none."""
    try:
        faults = parse(",".join(parsed.fault))
    except FaultError as error:
        parser.error(str(error))
    if parsed.pace == RECORDED:
        parser.error("--pace recorded is that of a recording: --recording RUN")
    return Settings(parsed.dialect, parsed.seed, PACES[parsed.pace] if parsed.pace else None, faults)


def recorded_settings(parsed: argparse.Namespace, parser: argparse.ArgumentParser, folder: Path) -> Settings:
    """What the options say of playing the recording in that folder. Exits with status 2 on options that contradict it.

    Raises:
        FileNotFoundError: no log there.
        DamagedError: the log is damaged.
        hive_tui.wire.WireError: a sound block holds bytes that are no records.
    """
    from hive_tui.simulator.recorded import Recording

    if parsed.fault:
        parser.error("--fault and --recording: a recording is played as it went")
    if parsed.pace not in (None, RECORDED, "instant"):
        parser.error(f"--pace {parsed.pace}: a recording is played at its own pace (recorded) or at once (instant)")
    return Settings(parsed.dialect, parsed.seed, recording=Recording(folder, paced=parsed.pace != "instant"))


def tls(parsed: argparse.Namespace, parser: argparse.ArgumentParser) -> ssl.SSLContext | None:
    """The TLS context, if one is asked for. Exits with status 2 on a file that is none."""
    if parsed.tls is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(parsed.tls)
    except (OSError, ssl.SSLError) as error:
        parser.error(f"--tls {parsed.tls}: {error}")
    return context
