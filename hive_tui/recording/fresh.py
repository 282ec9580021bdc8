"""A new recording's folder: it stands in its place only when it is whole."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def fresh_folder(target: Path) -> Iterator[Path]:
    """A folder beside `target` to write into. It becomes `target` at the end; after an error nothing is left of it.

    Raises:
        FileExistsError: something is at `target`.
        OSError: the folder above cannot be written.
    """
    taken = FileExistsError(errno.EEXIST, "is there already", str(target))
    if os.path.lexists(target):
        raise taken
    fresh = Path(tempfile.mkdtemp(prefix=f".{target.name[:100]}.", dir=target.parent))
    try:
        yield fresh
        try:
            os.rename(fresh, target)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise taken from error
            raise
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
