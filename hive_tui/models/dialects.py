"""The dialects by name: what an endpoint's `dialect` may be."""

from __future__ import annotations

from hive_tui.models.dialect import Dialect
from hive_tui.models.dialect_anthropic import Anthropic
from hive_tui.models.dialect_openai import OpenAI
from hive_tui.models.dialect_openrouter import OpenRouter

DIALECTS: dict[str, Dialect] = {dialect.name: dialect for dialect in (OpenRouter(), OpenAI(), Anthropic())}
