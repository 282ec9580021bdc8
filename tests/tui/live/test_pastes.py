"""A paste is text, whatever stands in it and however the reads cut it."""

from hypothesis import given
from hypothesis import strategies as st

from hive_tui.tui.live.pastes import BEGIN, END, TYPED, Pastes

pieces = st.lists(st.sampled_from(["a", "\x1b", "\x1b[A", "\r", "[", "200~", "\x1b[20", "é", "\x00"]), max_size=8)


def taken(reads: list[str]) -> tuple[str, list[str]]:
    """What the parser read, and the pastes."""
    pastes = Pastes()
    found = [part for read in reads for part in pastes.take(read, False)]
    return "".join(codes for codes, _ in found), [pasted for _, pasted in found if pasted]


@given(pieces.map("".join), pieces.map("".join), pieces.map("".join), st.integers(1, 7))
def test_brackets_are_found_wherever_a_read_ends(before: str, pasted: str, after: str, size: int) -> None:
    whole = before + BEGIN + pasted + END + after
    reads = [whole[at : at + size] for at in range(0, len(whole), size)]
    assert taken(reads) == taken([whole])
    if BEGIN not in before + BEGIN[:-1] and END not in pasted + END[:-1] and BEGIN not in after:
        assert taken([whole]) == (before + BEGIN + END + after, [pasted] if pasted else [])


def test_without_brackets_it_is_told_by_its_speed() -> None:
    pastes = Pastes()
    assert list(pastes.take("why?\r", True)) == [("why?\r", "")]
    long = "x" * TYPED
    assert list(pastes.take(f"\t{long}\r", True)) == [("\t", long), ("\r", "")]
    assert "".join(codes for codes, _ in pastes.take(long, False)) == long, "it may be a sequence's end"
