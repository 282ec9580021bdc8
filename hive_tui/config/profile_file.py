"""Profiles on the disk: `profiles/NAME.toml`, read strictly; saving a value keeps the user's comments and layout."""

from __future__ import annotations

import fcntl
import os
import tempfile
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from hive_tui.config.decode import decode
from hive_tui.config.errors import ConfigError, FolderError
from hive_tui.config.origin import BadUrl, origin
from hive_tui.config.paths import Paths, ensure_folder
from hive_tui.config.profile import DEFAULT, EndpointTable, Profile
from hive_tui.config.request import STAGES

Place = tuple[str, ...]
"""Where a value stands in the file, such as `("stages", "refiner", "model")`."""

HEADING = "# A profile of Hive. Every setting may be left out; the README lists them.\n"
KEY_HEADERS = frozenset({"authorization", "proxy-authorization", "x-api-key", "api-key", "cookie"})


def load_profile(paths: Paths, name: str) -> Profile:
    """The profile of that name; the default one needs no file. Raises ConfigError."""
    file = os.path.join(paths.profiles, f"{name}.toml")
    try:
        with open(file, "rb") as source:
            text = source.read()
    except (FileNotFoundError, NotADirectoryError):
        if name == DEFAULT:
            return Profile()
        known = ", ".join(profile_names(paths))
        raise ConfigError("there is no such profile", _label(name), f"there are: {known}; or write {file}") from None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file) from error
    return read_profile(text, name)


def profile_names(paths: Paths) -> list[str]:
    """All that `--profile` may name."""
    try:
        files = os.listdir(paths.profiles)
    except OSError:
        files = []  # no folder yet; what is wrong with one that is there, is said when a profile is opened
    return sorted({DEFAULT, *(file.removesuffix(".toml") for file in files if file.endswith(".toml"))})


def read_profile(text: bytes, name: str) -> Profile:
    """The profile in the bytes of its file. Raises ConfigError."""
    file = _label(name)
    try:
        document = tomllib.loads(text.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError("is not valid UTF-8", file, "save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is no TOML: {error}", file) from error
    profile = decode(document, Profile, file)
    for stage in profile.stages:
        _known_stage(stage, file)
    for key, endpoint in profile.endpoints.items():
        _check_endpoint(endpoint, f"{file}: endpoints.{key}")
    return profile


def save_values(paths: Paths, name: str, values: Mapping[Place, Any]) -> Profile:
    """Set values of a profile, `None` takes one away, and return what the file says then.

    What the file would say is checked before it is touched, and the old file is there until the new one is whole.
    Raises ConfigError, FolderError.
    """
    folder = ensure_folder(paths.profiles)
    file = os.path.realpath(os.path.join(folder, f"{name}.toml"))
    try:
        with open(os.path.join(folder, ".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                with open(file, "rb") as source:
                    before = source.read()
            except FileNotFoundError:
                before = HEADING.encode()
            read_profile(before, name)
            text = edited(before.decode(), values).encode()
            profile = read_profile(text, name)
            _write(file, text)
    except OSError as error:
        raise FolderError(
            f"cannot be written: {error.strerror}", file, "the setting holds for this session only"
        ) from error
    return profile


def edited(text: str, values: Mapping[Place, Any]) -> str:
    """The TOML text with these values set or taken away, and all else as it was."""
    import tomlkit  # 30 ms that only a person who saves something waits for

    document = tomlkit.parse(text)
    for place, value in values.items():
        table: Any = document
        for depth, key in enumerate(place[:-1]):
            if key not in table:
                if value is None:
                    break
                table[key] = tomlkit.table(is_super_table=depth < len(place) - 2)
            table = table[key]
        else:
            if value is None:
                table.pop(place[-1], None)
            else:
                table[place[-1]] = list(value) if isinstance(value, tuple) else value
    return tomlkit.dumps(document)


def _write(file: str, text: bytes) -> None:
    folder = os.path.dirname(file)
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".saving-")  # made with mode 600
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.rename(temporary, file)
    except OSError:
        os.unlink(temporary)
        raise
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _label(name: str) -> str:
    return f"profiles/{name}.toml"


def _known_stage(stage: str, file: str) -> None:
    if stage not in STAGES:
        near = get_close_matches(stage, STAGES, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ConfigError(f"there is no such stage{hint}", f"{file}: stages.{stage}", f"stages: {', '.join(STAGES)}")


def _check_endpoint(endpoint: EndpointTable, where: str) -> None:
    try:
        origin(endpoint.base_url)
    except BadUrl as error:
        raise ConfigError(str(error), f"{where}.base_url") from error
    for name, value in endpoint.headers.items():
        if name.lower() in KEY_HEADERS:
            raise ConfigError("a key has no place in a profile", f"{where}.headers.{name}", 'key_env = "NAME"')
        if not (name.isascii() and name.replace("-", "").replace("_", "").isalnum()):
            raise ConfigError("expected a header's name", f"{where}.headers.{name}")
        if not value.isprintable():
            raise ConfigError("expected text on one line", f"{where}.headers.{name}")
