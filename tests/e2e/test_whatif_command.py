"""`hive whatif`: a recorded run decided again, with nothing sent."""

from __future__ import annotations

QUESTION = "What is 17% of 240?"


def test_the_plans_own_rule_comes_to_what_was_decided(hive, sim) -> None:
    asked = hive("ask", *sim.at(), "--model", "sim/instant", "--json", QUESTION).document
    calls = len(sim.requests())
    told = hive("whatif", "last", "--json")
    assert (told.code, told.err) == (0, b"")
    found = told.document
    assert found["recorded"] == {"rule": "chain", "decision": asked["decision"], "answer": asked["answer"]}
    rules = {rule["rule"]: rule for rule in found["rules"]}
    assert list(rules) == ["chain", "curator", "direct", "majority"]
    assert (rules["chain"]["decision"], rules["chain"]["answer"]) == (asked["decision"], asked["answer"])
    assert rules["direct"]["answer"] == asked["stages"][0]["attempts"][0]["text"]
    early = hive("whatif", "last", "--rule", "chain", "--at", "stage:generator", "--json").document
    assert (early["rules"][0]["answer"], early["rules"][0]["decision"]) == (None, None)
    shown = hive("whatif", "last", "--rule", "direct", "--without", "refiner").out.decode()
    assert shown.endswith(rules["direct"]["answer"] + "\n")
    assert len(sim.requests()) == calls


def test_what_cannot_be_decided_again(hive, sim) -> None:
    assert hive("whatif").code == 2
    assert hive("whatif", "last").code == 3
    hive("ask", *sim.single("say:yes"), QUESTION)
    assert hive("whatif", "last", "--rule", "majorty").said.splitlines()[0].endswith("did you mean majority?")
    assert hive("whatif", "last", "--without", "nobody").code == 3
    for weight in ("generator=-1", "generator=1e999999999", "generator=nan", "generator=", "generator", "=1"):
        assert hive("whatif", "last", "--weight", weight).code == 2
    assert hive("whatif", "last", "--weight", "generator=0.5").code == 0
    assert hive("whatif", "last", "--rule", "chain", "--weight", "generator=2").code == 2
    assert hive("whatif", "last", "--without", "generator", "--refuse", "generator").code == 2
    assert hive("whatif", "last", "--refuse", "nobody").code == 3
    assert "no curator is heard" in hive("whatif", "last").out.decode()
    assert hive("whatif", "last", "--at", "nowhere").code == 2
