"""The grammar of faults."""

from __future__ import annotations

import pytest

from hive_tui.simulator.faults import MENU, Fault, FaultError, Faults, menu, parse


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ()),
        ("crlf", (Fault("crlf"),)),
        ("crlf, bom", (Fault("crlf"), Fault("bom"))),
        ("stall:3", (Fault("stall", ("3",)),)),
        ("error:2:400@1", (Fault("error", ("2", "400"), 1),)),
        ("eof:0~0.25", (Fault("eof", ("0",), None, 0.25),)),
        ("rst@3~1", (Fault("rst", (), 3, 1.0),)),
        ("say:VERDICT%3A%20ACCEPT%2C%20mostly", (Fault("say", ("VERDICT: ACCEPT, mostly",)),)),
        ("status:429:after=2:type=x", (Fault("status", ("429", "after=2", "type=x")),)),
        ("redirect:308:http%3A//h/", (Fault("redirect", ("308", "http://h/")),)),
    ],
)
def test_faults_are_read(text: str, faults: tuple[Fault, ...]) -> None:
    assert parse(text) == faults


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("nope", "nope"),
        ("stall:soon", "soon"),
        ("huge:1e300", "1e300"),
        ("drip:nan", "nan"),
        ("eof:-1", "-1"),
        ("redirect:307:http%3A//a%0D%0Ax", "location"),
        ("stall@many", "stall@many"),
        ("eof~2", "eof"),
        ("status", "status"),
        ("status:999", "status"),
        ("crlf,,nope", "nope"),
    ],
)
def test_what_is_no_fault_is_refused_by_name(text: str, word: str) -> None:
    with pytest.raises(FaultError, match=word):
        parse(text)


def test_arguments_have_defaults_and_names() -> None:
    faults = Faults({fault.name: fault for fault in parse("stall::9,status:503:after=7")})
    assert faults.number("stall", 0, 5.0) == 5.0
    assert faults.number("stall", 1, -1.0) == 9.0
    assert faults.number("eof", 0, 5.0) == 5.0
    assert faults["status"].option("after") == "7"
    assert faults["status"].option("date") is None


def test_the_menu_lists_everything() -> None:
    lines = "\n".join(menu())
    assert all(name in lines and known.does in lines for name, known in MENU.items())
