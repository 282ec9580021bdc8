"""`hive simulate`: the simulator alone, for a person who wants to talk to it."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING

from hive_tui.cli.exits import DONE, UNUSABLE

if TYPE_CHECKING:
    from hive_tui.simulator.serve import Where


def run(argv: list[str]) -> int:
    """Serve until Ctrl-C. Returns an exit code; exits with 2 on options that are none."""
    from hive_tui.simulator import faults, options, serve

    parser = argparse.ArgumentParser(
        prog="hive simulate", description="Run the embedded model server alone, on loopback."
    )
    options.add(parser)
    parsed = parser.parse_args(argv)
    if "help" in parsed.fault:
        print("\n".join(faults.menu()))
        return DONE
    settings = options.settings(parsed, parser)
    tls = options.tls(parsed, parser)

    def ready(where: Where) -> None:
        print(_greeting(where, settings.dialect), flush=True)

    try:
        asyncio.run(serve.run(settings, port=parsed.port, tls=tls, life=None, ready=ready))
    except OSError as error:
        print(f"hive simulate: cannot serve on port {parsed.port}: {error.strerror}. Try --port 0.", file=sys.stderr)
        return UNUSABLE
    print("\nStopped.")
    return DONE


def _greeting(where: Where, dialect: str) -> str:
    origin = "/".join(where.base_url.split("/")[:3])
    anthropic = dialect == "anthropic"
    ours = dialect.partition("-")[0] if dialect.startswith(("openrouter", "anthropic")) else "openai"
    call = f"{where.base_url}/{'messages' if anthropic else 'chat/completions'}"
    version = " -H 'anthropic-version: 2023-06-01'" if anthropic else ""
    limit = '"max_tokens":500,' if anthropic else ""
    asked = '"messages":[{"role":"user","content":"What is 17.5% of 240?"}]'
    return f"""Simulated models at {where.base_url} ({dialect}). Ctrl-C stops.

  With hive    hive ask --endpoint {where.base_url} --dialect {ours} --model sim/atlas "What is 17.5% of 240?"
  By hand      curl -N {call} -H 'content-type: application/json'{version} \\
                 -d '{{"model":"sim/atlas","stream":true,{limit}{asked}}}'
  Models       {where.base_url}/models
  Statistics   {origin}/_sim/stats and {origin}/_sim/requests
  Faults       hive simulate --fault help lists them; a model takes one as sim/atlas+fault=stall:3
"""
