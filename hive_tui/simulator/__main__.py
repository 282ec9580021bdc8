"""`python -m hive_tui.simulator`: the simulator as a process of its own.

Says where it listens in one line of JSON, on stdout or on the descriptor given with `--ready-fd`, and ends when it is
told to, or when the descriptor given with `--life-fd` reads its end: then whoever started it is gone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys

from hive_tui.simulator import options
from hive_tui.simulator.serve import Where, refusing_socket, run


def main(argv: list[str]) -> int:
    """Run the server; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m hive_tui.simulator", description=__doc__)
    options.add(parser)
    parser.add_argument(
        "--ready-fd", type=int, metavar="FD", help="where the line of JSON is written (default: stdout)"
    )
    parser.add_argument("--life-fd", type=int, metavar="FD", help="end when this pipe or socket reads its end")
    parser.add_argument("--refusing-port", action="store_true", help="name a port that refuses connections as well")
    parsed = parser.parse_args(argv)
    settings = options.settings(parsed, parser)
    context = options.tls(parsed, parser)
    extra: dict[str, object] = {}
    if parsed.refusing_port:
        refusing = refusing_socket()
        extra["refusing_port"] = refusing.getsockname()[1]

    def ready(where: Where) -> None:
        said = {
            "port": where.port,
            "base_url": where.base_url,
            "dialect": settings.dialect,
            "pid": os.getpid(),
            **extra,
        }
        line = json.dumps(said).encode() + b"\n"
        if parsed.ready_fd is None:
            sys.stdout.buffer.write(line)
            sys.stdout.flush()
        else:
            os.write(parsed.ready_fd, line)
            os.close(parsed.ready_fd)

    try:
        asyncio.run(run(settings, port=parsed.port, tls=context, life=parsed.life_fd, ready=ready))
    except OSError as error:
        print(f"simulator: cannot serve: {error}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
