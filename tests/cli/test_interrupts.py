"""Ctrl-C in the middle of an import waits until the import is done."""

import os
import signal
import sys
from collections.abc import Iterator

import pytest

from hive_tui.cli.interrupts import Held


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_it_waits_and_then_comes() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), Held():
        done.append(os.kill(os.getpid(), signal.SIGINT))
    assert done
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_exit_goes_before_it() -> None:
    with pytest.raises(SystemExit), Held():
        sys.exit(os.kill(os.getpid(), signal.SIGINT))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Held():
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
