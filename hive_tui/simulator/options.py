"""The command line that `python -m hive_tui.simulator` and `hive simulate` share."""

from __future__ import annotations

import argparse
import ssl

from hive_tui.simulator.calls import Settings
from hive_tui.simulator.dialects import DEFAULT, DIALECTS
from hive_tui.simulator.faults import FaultError, parse
from hive_tui.simulator.pace import PACES


def add(parser: argparse.ArgumentParser) -> None:
    """The options of the server."""
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="port on loopback; 0 takes a free one")
    parser.add_argument(
        "--dialect",
        type=_dialect,
        choices=sorted(DIALECTS),
        default=DEFAULT,
        help="served under the bare /v1 (default: %(default)s)",
    )
    parser.add_argument("--seed", default="0", help="fixes answers, pace and faults (default: %(default)s)")
    parser.add_argument("--pace", choices=list(PACES), help="of all models (default: each its own)")
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
    return Settings(parsed.dialect, parsed.seed, PACES[parsed.pace] if parsed.pace else None, faults)


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
