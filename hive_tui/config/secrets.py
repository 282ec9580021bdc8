"""Keys: read from the environment, or from a file that only its owner can read, and given to no endpoint but theirs."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Iterable, Mapping
from typing import NoReturn, Protocol

from hive_tui.config.errors import ConfigError
from hive_tui.config.origin import origin


class Secret:
    """A key. Only `reveal` gives it; printing, formatting, comparing, pickling and encoding do not."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled or copied")


class Place(Protocol):
    """An endpoint, as far as keys are concerned."""

    @property
    def name(self) -> str: ...

    @property
    def base_url(self) -> str: ...


class Keyed(Place, Protocol):
    """An endpoint that says where its key is found."""

    @property
    def key_env(self) -> str: ...


class Secrets:
    """Finds keys by the name that an endpoint gives. The environment is read at the call: nothing is kept."""

    def __init__(self, keys_file: str, environ: Mapping[str, str] = os.environ) -> None:
        self._keys_file = keys_file
        self._environ = environ

    def has(self, name: str) -> bool:
        """Whether there is a key of that name. Raises ConfigError for a file of keys that cannot be used."""
        return bool(self._environ.get(name, "").strip()) or name in self._from_file()

    def named(self, name: str) -> Secret:
        """The key of that name; the environment goes before the file. Raises ConfigError."""
        value = self._environ.get(name, "").strip() or self._from_file().get(name, "").strip()
        if not value:
            todo = f"export {name}=..., or write it into {self._keys_file} (mode 600)"
            raise ConfigError("is named as the place of a key, and holds none", f"environment variable {name}", todo)
        if not (value.isascii() and value.isprintable()):
            raise ConfigError("holds characters that no key has", f"environment variable {name}", f"set {name} again")
        return Secret(value)

    def _from_file(self) -> dict[str, str]:
        try:
            with open(self._keys_file, "rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                if mode & (stat.S_IRWXG | stat.S_IRWXO):
                    raise ConfigError("others can read it", self._keys_file, f"chmod 600 '{self._keys_file}'")
                document = tomllib.load(file)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise ConfigError(f"cannot be read: {error.strerror}", self._keys_file) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            # Without its cause: the message of the parser may show a piece of a key.
            raise ConfigError("is no TOML", self._keys_file, 'one line a key: OPENAI_API_KEY = "..."') from None
        wrong = [name for name, value in document.items() if not isinstance(value, str)]
        if wrong:
            raise ConfigError("expected text", f"{self._keys_file}: {wrong[0]}", f'{wrong[0]} = "..."')
        return document


class RunKeys:
    """The keys of one run, each tied to the origin of its endpoint; all read before anything is sent.

    Raises ConfigError when an endpoint names a key that is not there.
    """

    def __init__(self, endpoints: Iterable[Keyed], secrets: Secrets) -> None:
        self._keys = {
            (endpoint.name, origin(endpoint.base_url)): secrets.named(endpoint.key_env)
            for endpoint in endpoints
            if endpoint.key_env
        }

    def key_for(self, endpoint: Place) -> str | None:
        """The key of an endpoint of this name, if it still is where the run's configuration says; else `None`."""
        if not endpoint.base_url:
            return None
        secret = self._keys.get((endpoint.name, origin(endpoint.base_url)))
        return secret.reveal() if secret else None
