"""The questions that were asked, for the arrow keys: one JSON string a line, newest last."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

KEPT = 500
LONGEST = 65_536
"""Longer questions are not kept here; the run's recording has them."""


class Asked:
    """The history of the question line, and the place in it."""

    def __init__(self, path: Path | None) -> None:
        """Raises OSError when the file is there and cannot be read; lines that are no JSON strings are skipped."""
        self._path = path
        self._questions: list[str] = []
        self._at = 0
        self._draft = ""
        if path is not None and path.exists():
            self._questions = _read(path)
            if len(self._questions) > 2 * KEPT:
                self._questions = self._questions[-KEPT:]
                self._rewrite(path)
        self._at = len(self._questions)

    def add(self, question: str) -> None:
        """Remember a question. Raises OSError when it cannot be written; it is then kept for this session."""
        self._at = len(self._questions)
        if len(question) > LONGEST or (self._questions and self._questions[-1] == question):
            return
        self._questions.append(question)
        self._at = len(self._questions)
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(handle, "ab") as file:
                file.write(msgspec.json.encode(question) + b"\n")

    def older(self, draft: str) -> str | None:
        """The question before; the draft is kept for the way back."""
        if self._at == 0:
            return None
        if self._at == len(self._questions):
            self._draft = draft
        self._at -= 1
        return self._questions[self._at]

    def newer(self) -> str | None:
        if self._at == len(self._questions):
            return None
        self._at += 1
        return self._draft if self._at == len(self._questions) else self._questions[self._at]

    def _rewrite(self, path: Path) -> None:
        fresh = path.with_name(path.name + ".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.writelines(msgspec.json.encode(question) + b"\n" for question in self._questions)
        fresh.replace(path)


def _read(path: Path) -> list[str]:
    questions = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            questions.append(msgspec.json.decode(line, type=str))
        except msgspec.DecodeError:
            continue
    return questions
