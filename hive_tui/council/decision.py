"""What a stage's reply does to the text that the council has, and by what right the final text won; pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hive_tui.council.endings import no_answer
from hive_tui.council.plans import CURATOR, WRITER
from hive_tui.council.verdict import read_verdict
from hive_tui.events import Carried, Decision, ErrorInfo, Outcome, Verdict


class Held(msgspec.Struct, frozen=True):
    """The text that goes on from a stage."""

    carried: Carried
    text: str
    author: str
    """The stage that wrote it; not the one that let it pass."""


class Reply(msgspec.Struct, frozen=True):
    """The last attempt of a stage, when it is over."""

    stage: str
    stream: int
    text: str
    """What came on the answer's channel, all of it."""
    outcome: Outcome
    error: ErrorInfo | None = None
    model: str = ""
    reasoned: bool = False
    """Whether any reasoning came."""
    withdrawn: bool = False
    """Whether a person cancelled it, between two attempts of the transport perhaps."""

    @property
    def fault(self) -> ErrorInfo | None:
        """What to say of a reply that cannot be used; `None` when it was cancelled."""
        if self.withdrawn:
            return None
        return no_answer(self.reasoned) if self.outcome is Outcome.FINISHED else self.error

    @property
    def usable(self) -> bool:
        """Only a reply that ended by its own finish reason and holds text that can be seen goes any further."""
        return self.outcome is Outcome.FINISHED and any(char.isprintable() and not char.isspace() for char in self.text)


class Conclusion(msgspec.Struct, frozen=True):
    """What a stage comes to."""

    verdict: Verdict | None
    held: Held | None
    why: str = ""
    """Why it abstains or gives nothing; empty when it does not."""


def conclude(role: str, reply: Reply, given: Held | None) -> Conclusion:
    """What a stage with that role comes to; `given` is the text under review, if any.

    A writer has no verdict. A curator who states none but writes an answer has revised. What cannot be used or read
    abstains, and the text under review goes on.
    """
    if not reply.usable:
        return Conclusion(
            None if role == WRITER else Verdict.ABSTAIN,
            given,
            "cancelled" if reply.fault is None else reply.fault.message,
        )
    if role == WRITER:
        return Conclusion(None, Held(Carried(reply.stream), reply.text, reply.stage))
    said = read_verdict(reply.text)
    if said.verdict is Verdict.ACCEPT:
        return Conclusion(Verdict.ACCEPT, given)
    if said.verdict is None and (role != CURATOR or not said.answers):
        return Conclusion(Verdict.ABSTAIN, given, "the reply's first line is no verdict")
    if not said.answers:
        return Conclusion(Verdict.ABSTAIN, given, "the reply says REVISE and gives no new answer")
    span = Carried(reply.stream, said.start, said.stop)
    return Conclusion(Verdict.REVISE, Held(span, reply.text[said.start : said.stop], reply.stage))


def decide(answered: bool, reviews: Sequence[Verdict | None]) -> Decision | None:
    """By what right the answer won.

    `reviews` holds a verdict for each stage of the plan that judges, `None` for one that was never heard. A plan with
    reviews ends with a curator, so after any revision the last word was the curator's.
    """
    if not answered:
        return None
    if not reviews:
        return Decision.DIRECT
    if any(review is None or review is Verdict.ABSTAIN for review in reviews):
        return Decision.PARTIAL
    if all(review is Verdict.ACCEPT for review in reviews):
        return Decision.UNANIMOUS
    return Decision.CURATOR


def run_outcome(stopped: Outcome | None, *, answered: bool, withdrawn: bool) -> Outcome:
    """How a run ended.

    `stopped` says that the whole run was ended early, and how; `withdrawn` that a person cancelled the attempt without
    which there is nothing to go on with. A run that ran out of time after it had an answer has finished.
    """
    if stopped is Outcome.CANCELLED:
        return Outcome.CANCELLED
    if answered:
        return Outcome.FINISHED
    if stopped is not None:
        return stopped
    return Outcome.CANCELLED if withdrawn else Outcome.ERRORED
