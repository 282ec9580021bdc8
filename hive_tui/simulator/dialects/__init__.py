"""The dialects that the simulator speaks, by name."""

from __future__ import annotations

from hive_tui.simulator.dialects.anthropic import Anthropic
from hive_tui.simulator.dialects.chat import Dialect
from hive_tui.simulator.dialects.local import LlamaCpp, LlamaCpp2025, LmStudio, Ollama, Vllm
from hive_tui.simulator.dialects.openai import OpenAI
from hive_tui.simulator.dialects.openrouter import OpenRouterDocs, OpenRouterWire

_ALL: tuple[Dialect, ...] = (
    OpenRouterDocs(),
    OpenRouterWire(),
    OpenAI(),
    Anthropic(),
    Ollama(),
    LlamaCpp(),
    LlamaCpp2025(),
    Vllm(),
    LmStudio(),
)

DIALECTS: dict[str, Dialect] = {dialect.name: dialect for dialect in _ALL}
DEFAULT = OpenRouterWire.name


def base_path(name: str) -> str:
    """The path, without the dialect's prefix, to which `/chat/completions` or `/messages` is appended."""
    return "/api/v1" if name.startswith("openrouter") else "/v1"
