"""What OpenRouter's `/generation` tells about a call after it: also about one that was cancelled."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from hive_tui.simulator.characters import Character
from hive_tui.simulator.dialects.chat import PICO, Chat, Json, Usage
from hive_tui.simulator.stats import Seen

_KEPT = 1000


@dataclass(slots=True)
class _Entry:
    chat: Chat
    usage: Usage
    completion_pico: int
    finish: str
    seen: Seen
    hidden: int
    """How many more times it is not found."""


class Generations:
    """The last thousand calls, by id."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    def remember(self, chat: Chat, character: Character, usage: Usage, finish: str, seen: Seen, *, hidden: int) -> None:
        """Keep a call that is about to be answered; it is not found the first `hidden` times."""
        pico = character.completion_pico if usage.cost_pico else 0
        self._entries[chat.generation] = _Entry(chat, usage, pico, finish, seen, hidden)
        while len(self._entries) > _KEPT:
            self._entries.popitem(last=False)

    def find(self, generation: str) -> Json | None:
        """The record of a call; `None` while it is not there (yet). A cancelled call is billed for what was sent."""
        entry = self._entries.get(generation)
        if entry is None:
            return None
        if entry.hidden > 0:
            entry.hidden -= 1
            return None
        chat, usage = entry.chat, entry.usage
        cancelled = entry.seen.outcome == "client-closed"
        completion = entry.seen.tokens if cancelled else usage.completion
        cost = (usage.cost_pico - (usage.completion - completion) * entry.completion_pico) / PICO
        return {
            "id": generation,
            "model": chat.model,
            "created_at": chat.created,
            "provider_name": "Simulator",
            "streamed": entry.seen.stream,
            "cancelled": cancelled,
            "finish_reason": None if cancelled else entry.finish,
            "native_finish_reason": None if cancelled else entry.finish,
            "total_cost": cost,
            "usage": cost,
            "tokens_prompt": usage.prompt,
            "tokens_completion": completion,
            "native_tokens_prompt": usage.prompt,
            "native_tokens_completion": completion,
            "native_tokens_reasoning": min(usage.reasoning, completion),
            "native_tokens_cached": 0,
            "latency": round(chat.ttft_ms),
            "generation_time": round(completion / chat.rate * 1000.0) if chat.rate else 0,
            "is_byok": False,
        }
