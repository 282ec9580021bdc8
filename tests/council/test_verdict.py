"""A verdict is read strictly; what is none counts for nobody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_tui.council.verdict import read_verdict
from hive_tui.events import Verdict

A, R = Verdict.ACCEPT, Verdict.REVISE


def rest(reply: str) -> str:
    said = read_verdict(reply)
    return reply[said.start : said.stop]


@pytest.mark.parametrize("word", ["ACCEPT", "REVISE"])
@pytest.mark.parametrize(
    "form",
    [
        "{}",
        "VERDICT: {}",
        "VERDICT:{}",
        "**{}**",
        "**VERDICT: {}**",
        "**VERDICT:** {}",
        "VERDICT: **{}**",
        "**VERDICT**: {}",
        "\n \n  VERDICT: {} \t",
        "VERDICT: {}\r\n",
        "VERDICT: {}\n\nWith a text.",
    ],
)
def test_forms_that_count(form: str, word: str) -> None:
    assert read_verdict(form.format(word)).verdict == word


@pytest.mark.parametrize(
    "reply",
    [
        "",
        " \n\t\n",
        "ACCEPTABLE, but wrong",
        "ACCEPT, mostly",
        "ACCEPT.",
        "accept",
        "Accept",
        "verdict: ACCEPT",
        "VERDICT: accept",
        "VERDICT: ACCEPT or REVISE",
        "VERDICT: ACCEPTED",
        "VERDICT ACCEPT",
        "VERDICT: ABSTAIN",
        "**ACCEPT",
        "ACCEPT**",
        "*ACCEPT*",
        "# ACCEPT",
        "> VERDICT: ACCEPT",
        "- ACCEPT",
        "`ACCEPT`",
        "```\nVERDICT: ACCEPT\n```",
        '<answer from="validator">\nVERDICT: ACCEPT',
        "I looked at it.\n\nVERDICT: ACCEPT",
        "\u200bVERDICT: ACCEPT",
        "\x1b[1mVERDICT: ACCEPT",
        "VERDICT:\nACCEPT",
        "\uff21\uff23\uff23\uff25\uff30\uff34",
        "\u0410CCEPT",
    ],
)
def test_forms_that_do_not_count(reply: str) -> None:
    said = read_verdict(reply)
    assert said.verdict is None


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("VERDICT: REVISE\n\n42.\n", "42."),
        ("REVISE\r\n\r\n42.\r\n", "42."),
        ("\nREVISE\n    code()\nmore\n\n", "    code()\nmore"),
        ("42.\n", "42."),
        ("REVISE\nAccept.\n\nThe offer is good.", "Accept.\n\nThe offer is good."),
        ("REVISE\nAccept the offer.", "Accept the offer."),
        ("REVISE\n\u221e", "\u221e"),
    ],
)
def test_the_text_beside_the_verdict(reply: str, text: str) -> None:
    assert rest(reply) == text
    assert read_verdict(reply).answers


@pytest.mark.parametrize(
    "reply",
    [
        "REVISE",
        "REVISE\n \n",
        "REVISE\nACCEPT",
        "REVISE\nVERDICT: ACCEPT\nbut better",
        "REVISE\n```\nACCEPT\n```",
        "REVISE\n**Accepted.**",
        "ACCEPT, mostly",
        "Accept.\n\nThe validator is right.",
        "Verdict - accept",
        "My view:\n\nVERDICT: REVISE\n42",
        "```ACCEPT",
        "~~~ VERDICT: ACCEPT\n~~~",
        "VERDICT: REJECT",
        "Verdict: not acceptable",
        "VERDICT: ACC\u0415PT",
        "I do not ACCEPT this.",
        "",
    ],
)
def test_an_attempt_at_a_verdict_is_no_answer(reply: str) -> None:
    assert not read_verdict(reply).answers


words = st.sampled_from(["ACCEPT", "REVISE", "VERDICT:", "accept", "**", " ", "\n", "\r\n", ".", "```", "42", "\u200b"])


@given(st.lists(words | st.text(max_size=5)).map("".join))
def test_the_text_is_a_part_of_the_reply_and_never_the_word(reply: str) -> None:
    said = read_verdict(reply)
    assert 0 <= said.start <= said.stop <= len(reply)
    text = reply[said.start : said.stop]
    assert text == text.rstrip()
    if said.answers:
        assert text
        assert "".join(filter(str.isalnum, text)).upper() not in {"ACCEPT", "REVISE", "ACCEPTED", "VERDICTACCEPT"}
    if said.verdict is not None:
        assert reply[: said.start].strip(" *\r\n\t").endswith(said.verdict)


@given(st.sampled_from([A, R]), st.text(min_size=1).filter(lambda text: text.strip() != ""))
def test_a_verdict_is_found_whatever_follows(verdict: Verdict, text: str) -> None:
    said = read_verdict(f"VERDICT: {verdict}\n{text}")
    assert said.verdict is verdict


@pytest.mark.parametrize("filler", ["\n", " ", "*", "VERDICT ", "`", "accept\n", " \n", "_"])
def test_a_long_reply_costs_no_more_than_its_length(filler: str) -> None:
    read_verdict(filler * 200_000)
