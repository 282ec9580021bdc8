"""OpenRouter: the OpenAI-compatible dialect with its own request fields, and a cost in every usage report.

Source: OpenRouter's documentation and recorded streams, which differ. Both shapes are read: the usage chunk with empty
`choices`, or with one choice that repeats the finish reason; an error with finish reason `error`, or beside usage and
after two `length` chunks; comments between data; `error.code` as a number or a word.
"""

from __future__ import annotations

from typing import Any

from hive_tui.models.call import Call
from hive_tui.models.dialect import Reader
from hive_tui.models.dialect_openai import OpenAI, OpenAIReader


class OpenRouter(OpenAI):
    """How a call is put to OpenRouter."""

    name = "openrouter"

    def reader(self, *, simulated: bool, secret: str | None) -> Reader:
        return OpenRouterReader(simulated=simulated, secret=secret)

    def _body(self, call: Call) -> dict[str, Any]:
        body = super()._body(call)
        # Usage is always sent here; `stream_options` is a deprecated no-op.
        del body["stream_options"]
        effort = body.pop("reasoning_effort", None)
        if effort is not None:
            body["reasoning"] = {"effort": effort}
        return body


class OpenRouterReader(OpenAIReader):
    """Reads one answer of OpenRouter, whose `usage.cost` is US dollars."""

    reports_usd = True
