"""The present: all that a session says and does of itself, passed on to whoever goes before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hive_tui.core.commands import Command, Reply
from hive_tui.events import ErrorInfo
from hive_tui.tui.session import CoreStats, CoreStatus, Lanes, ModelList, NewFork, Offer, Session, Setup, StageChoice


class Present:
    """Hands on what has nothing to do with the moment that is shown."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._wake: Callable[[], None] = lambda: None

    def start(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._session.start(wake)

    def close(self) -> None:
        self._session.close()

    def sleep(self) -> bool:
        return self._session.sleep()

    def ask(self, question: str) -> None:
        self._session.ask(question)

    def leave(self) -> None:
        """Show the present, whatever was shown."""

    def fork(self, wanted: NewFork, tell: Callable[[ErrorInfo | str], None]) -> None:
        def told(what: ErrorInfo | str) -> None:
            if isinstance(what, str):
                self.leave()
            tell(what)

        self._session.fork(wanted, told)

    def lanes(self) -> Lanes | None:
        return self._session.lanes()

    def notices(self) -> Sequence[str]:
        return self._session.notices()

    def warm(self) -> None:
        self._session.warm()

    def cancel(self, stage: str | None = None) -> None:
        self._session.cancel(stage)

    def retry(self, stage: str) -> None:
        self._session.retry(stage)

    def core_status(self) -> CoreStatus:
        return self._session.core_status()

    def core_fault(self) -> str:
        return self._session.core_fault()

    def restart_core(self) -> None:
        self._session.restart_core()

    def offers(self) -> Sequence[Offer]:
        return self._session.offers()

    def take_offer(self, index: int) -> str:
        return self._session.take_offer(index)

    def setup(self) -> Setup:
        return self._session.setup()

    def save_stage(self, stage: str, choice: StageChoice) -> str:
        return self._session.save_stage(stage, choice)

    def list_models(self, stage: str, tell: Callable[[ModelList], None]) -> None:
        self._session.list_models(stage, tell)

    def stats(self) -> CoreStats:
        return self._session.stats()

    def query(self, command: Command, tell: Callable[[Reply | None], None]) -> None:
        self._session.query(command, tell)
