"""Textual's bindings, made from the actions table."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from hive_tui.tui.actions import ACTIONS

PANES = "234567890"
"""The digits that stand with `pane_1` in the table: 0 is the answer."""
TENTHS = "123456789"
"""The digits that stand with `percent_0` in the table."""


def bindings_of(*scopes: str) -> list[BindingType]:
    """Bindings of some scopes; all actions are methods of the screen that the scope is on."""
    found: list[BindingType] = []
    for action in ACTIONS:
        if action.scope not in scopes:
            continue
        name = {"pane_1": "pane(1)", "percent_0": "percent(0)"}.get(action.id, action.id)
        target = name if action.scope == "app" else f"screen.{name}"
        found += [Binding(key, target, action.label, show=False) for key in action.keys.split(",")]
    if "text" in scopes:
        found += [Binding(f"alt+{digit}", f"screen.pane({digit})", show=False) for digit in PANES]
    if "time" in scopes:
        found += [Binding(digit, f"screen.percent({digit}0)", show=False) for digit in TENTHS]
    return found
