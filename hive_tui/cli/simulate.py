"""`hive simulate`: the simulator alone, for a person who wants to talk to it."""

from __future__ import annotations

import argparse
import asyncio
import shlex
import sys
from typing import TYPE_CHECKING

from hive_tui.cli.exits import DONE, UNUSABLE
from hive_tui.cli.plaintext import harmless
from hive_tui.cli.refusing import refuse
from hive_tui.config.errors import ConfigError

if TYPE_CHECKING:
    from hive_tui.simulator.calls import Settings
    from hive_tui.simulator.serve import Where


def run(argv: list[str]) -> int:
    """Serve until Ctrl-C. Returns an exit code; exits with 2 on options that are none."""
    from hive_tui.simulator import faults, options, serve

    parser = argparse.ArgumentParser(
        prog="hive simulate", description="Run the embedded model server alone, on loopback."
    )
    options.add(parser, recordings=True)
    parsed = parser.parse_args(argv)
    if "help" in parsed.fault:
        print("\n".join(faults.menu()))
        return DONE
    if parsed.recording is None:
        settings = options.settings(parsed, parser)
    else:
        try:
            settings = _recorded(parsed, parser)
        except ConfigError as error:
            return refuse("hive simulate", error)
    tls = options.tls(parsed, parser)

    def ready(where: Where) -> None:
        print(_greeting(where, settings) if settings.recording is None else _played(where, settings), flush=True)

    try:
        asyncio.run(serve.run(settings, port=parsed.port, tls=tls, life=None, ready=ready))
    except OSError as error:
        print(f"hive simulate: cannot serve on port {parsed.port}: {error.strerror}. Try --port 0.", file=sys.stderr)
        return UNUSABLE
    print("\nStopped.")
    return DONE


def _recorded(parsed: argparse.Namespace, parser: argparse.ArgumentParser) -> Settings:
    """Raises ConfigError for a run that is not there or cannot be played."""
    from hive_tui.cli.recordings import damage_told, run_folder
    from hive_tui.simulator import options

    folder = run_folder(parsed.recording)
    with damage_told(folder):
        settings = options.recorded_settings(parsed, parser, folder)
    if settings.recording is None or not settings.recording.models:
        raise ConfigError("holds no call of a model, so there is nothing to play", str(folder))
    return settings


def _played(where: Where, settings: Settings) -> str:
    assert settings.recording is not None
    recording = settings.recording
    pace = "at its own pace" if recording.paced else "at once"
    anthropic = settings.dialect == "anthropic"
    dialect = settings.dialect.partition("-")[0] if anthropic or settings.dialect.startswith("openrouter") else "openai"
    models = " ".join(f"--model {shlex.quote(f'{stage}={model}')}" for stage, model in recording.stages)
    told = f"""Run {recording.run} is played back {pace} at {where.base_url} ({settings.dialect}). Ctrl-C stops.

  With hive    hive ask --endpoint {where.base_url} --dialect {dialect} \\
                 {models} \\
                 {shlex.quote(recording.question)}
  Otherwise    other questions, models and stages are refused with 400 or 404
  Again        the calls answer in their order; after the last comes the first
"""
    return harmless(told)


def _greeting(where: Where, settings: Settings) -> str:
    dialect = settings.dialect
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
