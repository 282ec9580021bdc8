"""`hive simulate`: the simulator alone, for a person who wants to talk to it."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hive_tui.simulator.serve import Where


def run(argv: list[str]) -> int:
    """Serve until Ctrl-C. Returns 0, or 3 when the port cannot be had; exits with 2 on options that are none."""
    from hive_tui.simulator import faults, options, serve

    parser = argparse.ArgumentParser(
        prog="hive simulate", description="Run the embedded model server alone, on loopback."
    )
    options.add(parser)
    parser.add_argument("--faults", action="store_true", help="list the faults and leave")
    parsed = parser.parse_args(argv)
    if parsed.faults:
        print("\n".join(faults.menu()))
        return 0
    settings = options.settings(parsed, parser)
    tls = options.tls(parsed, parser)
    try:
        asyncio.run(
            serve.run(
                settings,
                port=parsed.port,
                tls=tls,
                life=None,
                ready=lambda where: _greet(where, settings.dialect),
            )
        )
    except OSError as error:
        print(
            f"hive simulate: cannot serve on port {parsed.port}: {error.strerror}. Try --port 0.",
            file=sys.stderr,
        )
        return 3
    print("\nStopped.")
    return 0


def _greet(where: Where, dialect: str) -> None:
    root = where.base_url.split("/", 3)
    origin = "/".join(root[:3])
    if dialect == "anthropic":
        call = f"{where.base_url}/messages -H 'anthropic-version: 2023-06-01'"
        body = '{"model":"sim/atlas","max_tokens":500,"stream":true,'
    else:
        call = f"{where.base_url}/chat/completions"
        body = '{"model":"sim/atlas","stream":true,'
    body += '"messages":[{"role":"user","content":"What is 17.5% of 240?"}]}'
    print(
        f"""Simulated models at {where.base_url}  ({dialect}; Ctrl-C stops)

  With hive    hive ask --endpoint {where.base_url} --model sim/atlas "What is 17.5% of 240?"
  By hand      curl -N {call} \\
                 -H 'content-type: application/json' \\
                 -d '{body}'
  Models       {where.base_url}/models
  Statistics   {origin}/_sim/stats   {origin}/_sim/requests
  Dialects     {origin}/DIALECT/v1, by name
  Faults       hive simulate --faults lists them; a model takes one as sim/atlas+fault=stall:3
""",
        flush=True,
    )
