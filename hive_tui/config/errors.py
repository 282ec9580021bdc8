"""What is wrong with the configuration, in words that name the place and the remedy."""

from __future__ import annotations


class ConfigError(Exception):
    """The configuration, or a file or variable that it names, is unusable: exit 3, before anything is sent.

    Reads as `where: what` and a second line with what to do. Never holds a key.
    """

    def __init__(self, what: str, where: str, todo: str = "") -> None:
        super().__init__(what, where, todo)
        self.what = what
        self.where = where
        """The file and the path of the value in it, the option or the variable."""
        self.todo = todo

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f"\n  {self.todo}" if self.todo else "")


class FolderError(ConfigError):
    """A folder that Hive needs cannot be made or written: exit 5."""
