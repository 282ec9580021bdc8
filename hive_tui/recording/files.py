"""Opens the files of a run's folder. What stands there is not always ours: a pipe in the place of a file would hold up
whoever reads it for ever, a device has no end, and an honest file is never as long as a hostile one may be."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

LONGEST = 80 * 1024 * 1024
"""Bytes of a file that are taken into memory: a frame's largest payload, and what may stand around it. Of a longer one
the rest is not read, so that its checksum cannot be right."""


class NoFileError(OSError):
    """Something else than a file stands there, or a link that leads nowhere."""


def open_file(path: Path) -> BinaryIO:
    """Raises:
    FileNotFoundError: nothing is there.
    NoFileError: no file is.
    OSError: it cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO, errno.ENODEV):  # ENXIO: a socket.
            raise _no_file(path) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _no_file(path)
    return os.fdopen(descriptor, "rb")


def _no_file(path: Path) -> NoFileError:
    return NoFileError(errno.EINVAL, "it is no regular file", str(path))


def content(path: Path, offset: int = 0) -> bytes:
    """What stands behind `offset`, at most `LONGEST` bytes. Raises as `open_file`."""
    with open_file(path) as file:
        file.seek(offset)
        # Without a size it is several times faster, and this is asked of a live run many times a second.
        return file.read() if os.fstat(file.fileno()).st_size - offset <= LONGEST else file.read(LONGEST)
