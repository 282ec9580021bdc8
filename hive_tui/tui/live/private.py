"""Every private name of Textual that the painter and the panes touch, and the guard in front of them."""

from __future__ import annotations

import os
from typing import Any

import textual
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.driver import Driver
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.widget import Widget

VERSIONS = frozenset({"8.2.8"})
"""The versions of Textual whose inner workings were read and compared by the randomised test."""

Visible = dict[Widget, tuple[Region, Region]]
"""Region and clip of each visible widget, topmost first; another object after each reflow."""

__all__ = ["SYNC_END", "SYNC_START", "VERSIONS", "Visible", "clear_styles_cache", "driver_of", "obstacle", "probe"]


def probe(app: App[object]) -> str:
    """Why the fast path may not be used with this Textual; empty when it may."""
    version = installed_version()
    if version not in VERSIONS:
        return f"Textual {version} was not tested"
    screen = app.screen
    names = {
        "app": (app, ("_driver", "_batch_count", "_running", "_sync_available")),
        "screen": (screen, ("_compositor", "_layout_required", "_scroll_required", "_repaint_required")),
        "compositor": (screen._compositor, ("visible_widgets", "size", "_dirty_regions")),
        "widget": (screen, ("_styles_cache",)),
    }
    missing = [f"{what}.{name}" for what, (thing, each) in names.items() for name in each if not hasattr(thing, name)]
    return f"Textual has no {', '.join(missing)}" if missing else ""


def installed_version() -> str:
    """Textual's version, by the folder beside it: it asks importlib.metadata itself, whose import takes 11 ms."""
    library = os.path.dirname(os.path.dirname(textual.__file__))
    for name in os.listdir(library):
        if name.startswith("textual-") and name.endswith(".dist-info"):
            return name.removeprefix("textual-").removesuffix(".dist-info")
    return textual.__version__


def driver_of(app: App[object]) -> Driver | None:
    return app._driver


def synchronised(app: App[object]) -> bool:
    """Whether the terminal has said that it knows synchronised output."""
    return app._sync_available


def obstacle(app: App[object], screen: Screen[object]) -> str:
    """Why no row of this screen may be written directly right now; empty when rows may."""
    driver = app._driver
    if driver is None or not app._running:
        return "not running"
    if driver.is_headless:
        return "headless"
    if driver.is_inline:
        return "inline"
    if app._batch_count:
        return "batch update"
    if screen._layout_required or screen._scroll_required:
        return "layout pending"
    compositor = screen._compositor
    if screen._repaint_required or compositor._dirty_regions:
        return "repaint pending"
    if compositor.size != app.size:
        return "resizing"
    return ""


def whole_picture(app: App[Any], screen: Screen[Any]) -> str:
    """All that the terminal should show now, whatever was written before."""
    update = screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    return update.render_segments(app.console) if isinstance(update, CompositorUpdate) else ""


def visible_widgets(screen: Screen[object]) -> Visible:
    return screen._compositor.visible_widgets


def composed_size(screen: Screen[object]) -> Size:
    return screen._compositor.size


def clear_styles_cache(widget: Widget) -> None:
    widget._styles_cache.clear()
