"""`make bench`: goals are checked against the numbers, and variants are timed alternately."""

import pytest

from tools.checks.bench import in_turn, row


@pytest.mark.parametrize(
    ("found", "goal", "said"),
    [
        (1.04, dict(at_most=1.05), "at most 1.05: met"),
        (1.05, dict(at_most=1.05), "at most 1.05: met"),
        (1.0501, dict(at_most=1.05), "at most 1.05: MISSED"),  # though it prints as 1.05
        (3.0, dict(at_least=3), "at least 3: met"),
        (2.96, dict(at_least=3), "at least 3: MISSED"),  # though it prints as 3.0
    ],
)
def test_a_row_with_a_goal_says_whether_it_is_met(found, goal, said, capsys):
    row("what", found, "x", 2, **goal)
    assert capsys.readouterr().out == f"{'what':55}{found:7.2f}x   {said}\n"


def test_a_row_without_a_goal_says_nothing_of_one(capsys):
    row("memory", 12.3, " MB", 0)
    row("PyTorch", "-", " not installed")
    assert capsys.readouterr().out.splitlines() == [
        f"{'memory':55}     12 MB",
        f"{'PyTorch':55}      - not installed",
    ]


def test_variants_are_timed_alternately_and_medians_are_reported():
    calls = []
    ways = {name: lambda name=name: calls.append(name) or len(calls) for name in "ab"}
    assert in_turn(ways, 3) == {"a": 3, "b": 4}
    assert calls == ["a", "b"] * 3
