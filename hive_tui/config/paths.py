"""Where Hive's files go: as the XDG specification says, on macOS as Apple does; all into one folder with HIVE_HOME.

The rules are platformdirs', written out because its import costs the start more than they do. Nothing touches the disk
but `ensure_folder`.
"""

from __future__ import annotations

import os

from hive_tui.config.errors import FolderError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

APP = "hive"


class Paths:
    """Absolute paths of the folders, whether they exist or not."""

    __slots__ = ("cache", "config", "data", "runtime", "state")
    config: Final[str]
    data: Final[str]
    state: Final[str]
    cache: Final[str]
    runtime: Final[str]
    """What lives no longer than the processes: the registry of the rings."""

    def __init__(self, config: str, data: str, state: str, cache: str, runtime: str) -> None:
        self.config = config
        self.data = data
        self.state = state
        self.cache = cache
        self.runtime = runtime

    @property
    def profiles(self) -> str:
        """One TOML file a profile."""
        return os.path.join(self.config, "profiles")

    @property
    def settings(self) -> str:
        """What holds for all profiles, such as how long runs are kept."""
        return os.path.join(self.config, "settings.toml")

    @property
    def keys(self) -> str:
        """A file of keys, for those who keep them out of the environment."""
        return os.path.join(self.config, "keys.toml")

    @property
    def runs(self) -> str:
        """One folder a run, named by its id."""
        return os.path.join(self.data, "runs")

    @property
    def catalogue(self) -> str:
        """What lists and searches the runs; derived from them."""
        return os.path.join(self.data, "catalogue.sqlite3")

    @property
    def crashes(self) -> str:
        """Reports of crashes."""
        return os.path.join(self.state, "crashes")

    @property
    def questions(self) -> str:
        """History of the question line."""
        return os.path.join(self.state, "questions")


def paths(environ: Mapping[str, str] = os.environ, *, macos: bool | None = None) -> Paths:
    """The folders for this environment. A relative path in an XDG variable is ignored, as the specification says.

    Raises FolderError: HIVE_HOME is relative to a folder that is no more, or a folder's name is not UTF-8.
    """
    found = _found(environ, macos)
    for folder in (found.config, found.data, found.state, found.cache, found.runtime):
        try:
            folder.encode()
        except UnicodeEncodeError as error:
            # No document, no recording and no message between the processes can hold it.
            raise FolderError("its name is not UTF-8", folder, "name another one: HIVE_HOME=/some/folder") from error
    return found


def _found(environ: Mapping[str, str], macos: bool | None) -> Paths:
    home = environ.get("HIVE_HOME", "")
    if home:
        try:
            base = os.path.abspath(os.path.expanduser(home))
        except FileNotFoundError as error:
            raise FolderError("the folder that you stand in is gone", f"HIVE_HOME={home}", "cd to another") from error
        return Paths(*(os.path.join(base, name) for name in ("config", "data", "state", "cache", "run")))
    if macos is None:
        macos = os.uname().sysname == "Darwin"

    def folder(variable: str, default: str) -> str:
        named = environ.get(variable, "")
        base = named if os.path.isabs(named) else os.path.join(_home(environ), default)
        return os.path.join(base, APP)

    support = "Library/Application Support"
    state = folder("XDG_STATE_HOME", support if macos else ".local/state")
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    return Paths(
        config=folder("XDG_CONFIG_HOME", support if macos else ".config"),
        data=folder("XDG_DATA_HOME", support if macos else ".local/share"),
        state=state,
        cache=folder("XDG_CACHE_HOME", "Library/Caches" if macos else ".cache"),
        runtime=os.path.join(runtime, APP) if _is_usable(runtime) else os.path.join(state, "run"),
    )


def ensure_folder(path: str) -> str:
    """Make the folder, for its owner alone, if it is not there, and return it. Raises FolderError."""
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        os.makedirs(path, mode=0o700, exist_ok=True)
    except OSError as error:
        raise FolderError(f"cannot be made: {error.strerror}", path, OWN_FOLDER) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise FolderError("cannot be written", path, OWN_FOLDER)
    return path


OWN_FOLDER = "give the folder to your user, or name another one: HIVE_HOME=/some/folder"


def _home(environ: Mapping[str, str]) -> str:
    home = environ.get("HOME", "")
    return home if os.path.isabs(home) else os.path.expanduser("~")


def _is_usable(folder: str) -> bool:
    """Whether a folder named for run-time files is there and ours (su leaves the variable of another user behind)."""
    return os.path.isabs(folder) and os.access(folder, os.W_OK) and os.stat(folder).st_uid == os.getuid()
