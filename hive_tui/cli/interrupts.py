"""Ctrl-C while modules are imported: msgspec, broken off in the middle of it, crashes."""

from __future__ import annotations

import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType


class Held:
    """Ctrl-C waits until the end of the `with` block, which then raises KeyboardInterrupt.

    One that whoever started us wants ignored stays ignored.
    """

    def __enter__(self) -> None:
        self._came = False
        self._before = signal.getsignal(signal.SIGINT)
        if self._before is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._note)

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        signal.signal(signal.SIGINT, self._before)
        if self._came and kind is None:
            raise KeyboardInterrupt

    def _note(self, _number: int, _frame: object) -> None:
        self._came = True
