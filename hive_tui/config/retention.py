"""How long runs are kept: the table `[retention]` of `settings.toml`. Without it every run stays."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from hive_tui.config.decode import decode
from hive_tui.config.errors import ConfigError
from hive_tui.config.paths import Paths
from hive_tui.config.profile import Section, Text
from hive_tui.config.units import UnitError, bytes_of, seconds_of

FILE = "settings.toml"
"""As errors call it."""
Number = Annotated[int, Meta(ge=1, description="a whole number above 0")]


class _Table(Section, frozen=True):
    max_age: Text | None = None
    max_runs: Number | None = None
    max_size: Text | None = None
    trash: Text = "30d"


class _Settings(Section, frozen=True):
    retention: _Table = _Table()


class Retention(msgspec.Struct, frozen=True):
    """Limits beyond which the oldest runs go to the trash; `None` is no limit."""

    max_age_s: float | None = None
    max_runs: int | None = None
    max_size_bytes: int | None = None
    trash_s: float = 30 * 86400.0
    """How long a deleted run can be restored."""

    @property
    def limited(self) -> bool:
        return (self.max_age_s, self.max_runs, self.max_size_bytes) != (None, None, None)


def load_retention(paths: Paths) -> Retention:
    """What the file says; without a file nothing is limited. Raises ConfigError."""
    try:
        with open(paths.settings, "rb") as source:
            document = tomllib.loads(source.read().decode())
    except (FileNotFoundError, NotADirectoryError):
        return Retention()
    except UnicodeDecodeError as error:
        raise ConfigError("is not valid UTF-8", FILE, "save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is no TOML: {error}", FILE) from error
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", paths.settings) from error
    table = decode(document, _Settings, FILE).retention
    return Retention(
        None if table.max_age is None else _unit("max_age", table.max_age, seconds_of),
        table.max_runs,
        None if table.max_size is None else int(_unit("max_size", table.max_size, bytes_of)),
        _unit("trash", table.trash, seconds_of),
    )


def _unit(name: str, text: str, read: Callable[[str], float]) -> float:
    try:
        return read(text)
    except UnitError as error:
        raise ConfigError(str(error), f"{FILE}: retention.{name}") from error
