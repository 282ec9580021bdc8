"""`hive doctor`: what works here, and what to do about the rest. Asks no model anything."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import msgspec

from hive_tui import __version__
from hive_tui.cli.exits import DONE, NO
from hive_tui.cli.parser import Parsed
from hive_tui.cli.plaintext import write_text
from hive_tui.config.endpoints import PROVIDERS
from hive_tui.config.errors import ConfigError
from hive_tui.config.options import RunOptions
from hive_tui.config.paths import Paths, ensure_folder, paths
from hive_tui.config.profile import DEFAULT
from hive_tui.config.profile_file import load_profile, profile_names
from hive_tui.config.resolve import resolve
from hive_tui.config.secrets import Secrets
from hive_tui.core.client import CoreClient, CoreDiedError
from hive_tui.core.commands import Discover, FactList, Facts, Found
from hive_tui.core.spawning import spawn_core

LIMIT_S = 60.0
"""The kernels are compiled once on a new machine; that takes seconds, not a minute."""

LOW, FULL = 100 << 20, 1 << 20
"""Bytes that are free on a disk: less is worth a word, and no run can be recorded."""

Fact = tuple[str, str, str, str]
"""Subject; `ok`, `absent` (something is done without it) or `failed`; what is so; what to do."""


def main(parsed: Parsed) -> int:
    here = paths()
    facts = [*_system(), *_terminal(), *_folders(here), *_configuration(here)]
    if all(status != "failed" for subject, status, _, _ in facts if subject.startswith("folder")):
        facts += asyncio.run(_core(here))
    if parsed.has("--json"):
        keys = ("subject", "status", "what", "todo")
        document = [dict(zip(keys, fact, strict=True)) for fact in facts]
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(document)) + b"\n")
    else:
        width = max(len(subject) for subject, _, _, _ in facts)
        for subject, status, what, todo in facts:
            line = f"{status:<7} {subject:<{width}}  {what}" + (f"\n{'':<{width + 10}}{todo}" if todo else "")
            write_text(sys.stdout, line + "\n")
    return NO if any(status == "failed" for _, status, _, _ in facts) else DONE


def _system() -> Iterator[Fact]:
    yield ("hive", "ok", f"{__version__}, Python {platform.python_version()}, {platform.system()}", "")
    yield ("textual", "ok", version("textual"), "")


def _terminal() -> Iterator[Fact]:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        yield (
            "terminal",
            "absent",
            "this is none; hive ask works without",
            "run hive doctor in a terminal to check it",
        )
        return
    size = shutil.get_terminal_size()
    term = os.environ.get("TERM", "")
    if term in ("", "dumb"):
        yield ("terminal", "failed", f"TERM={term or '(unset)'} cannot show a screen", "use another; hive ask works")
        return
    colours = "none, as NO_COLOR asks" if os.environ.get("NO_COLOR") else os.environ.get("COLORTERM", "by TERM")
    small = "" if size.columns >= 60 and size.lines >= 20 else "60x20 and more is better to read"
    yield ("terminal", "ok", f"{term}, {size.columns}x{size.lines}, colours: {colours}", small)


def _folders(here: Paths) -> Iterator[Fact]:
    for name in ("config", "data", "state", "cache", "runtime"):
        path = getattr(here, name)
        try:
            ensure_folder(path)
        except ConfigError as error:
            yield (f"folder {name}", "failed", f"{path}: {error.what}", error.todo)
            continue
        free = shutil.disk_usage(path).free
        low = "recordings need space: free some" if free < LOW else ""
        yield (f"folder {name}", "failed" if free < FULL else "ok", f"{path}, {free >> 20} MiB free", low)


def _configuration(here: Paths) -> Iterator[Fact]:
    secrets = Secrets(here.keys)
    for name in sorted({DEFAULT, *profile_names(here)}):
        try:
            profile = load_profile(here, name)
            request = resolve("doctor", RunOptions(profile=name), profile, secrets)
        except ConfigError as error:
            yield (f"profile {name}", "failed", f"{error.where}: {error.what}", error.todo)
            continue
        used = sorted({settings.endpoint for settings in request.stages.values()})
        mark = " (SIMULATED)" if request.simulated else ""
        yield (f"profile {name}", "ok", f"{request.plan}: {', '.join(used)}{mark}", "")
    for provider in PROVIDERS:
        spec = provider.endpoint
        try:
            there = secrets.has(spec.key_env)
        except ConfigError as error:
            yield (f"key {spec.key_env}", "failed", f"{error.where}: {error.what}", error.todo)
            continue
        status, what = ("ok", "is set") if there else ("absent", "is not set")
        yield (f"endpoint {spec.name}", status, f"{spec.key_env} {what}", "" if there else f"export {spec.key_env}=...")


async def _core(here: Paths) -> list[Fact]:
    """What the core process tells: its start itself, its loop, kernels, device, vocabularies, local servers."""
    client = CoreClient(*spawn_core(os.environ), Path(here.runs), lambda _notice: None)
    try:
        async with asyncio.timeout(LIMIT_S):
            await client.attached()
            facts: list[Fact] = [("core", "ok", "starts, and its ring can be read", "")]
            found, told = await client.request(Discover()), await client.request(Facts())
    except (CoreDiedError, TimeoutError, OSError) as error:
        todo = f"look into {here.crashes}; /dev/shm must be there and writable"
        return [("core", "failed", f"does not start: {type(error).__name__}: {error}", todo)]
    finally:
        client.close()
        await asyncio.to_thread(client.reap)
    if isinstance(found, Found):
        for spec, models in zip(found.endpoints, found.models, strict=True):
            facts.append((f"endpoint {spec.name}", "ok", f"{spec.base_url}: {', '.join(models) or 'no model'}", ""))
        if not found.endpoints:
            facts.append(("local servers", "absent", "none answers at the usual ports", "start Ollama, LM Studio, ..."))
    if isinstance(told, FactList):
        facts += told.facts
    return facts
