"""`make bench`: goals are checked against the numbers, and variants are timed alternately."""

import pytest

from tools.checks import unit
from tools.checks.bench import in_turn, multiplications_per_step, row


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


def test_the_unit_is_scaled_from_the_steps_that_were_timed(monkeypatch):
    """Keras reports every tenth step, and a second passes between two reports."""
    seconds = iter(range(100))
    monkeypatch.setattr(unit.time, "perf_counter", lambda: next(seconds))

    def fit(model, images, epochs, callbacks):
        assert len(images) == 100 * (unit.WARM_UP + 50)
        for step in range(9, unit.WARM_UP + 50, 10):
            callbacks[0].on_train_batch_end(step)

    monkeypatch.setattr(unit.training, "fit", fit)
    assert unit.seconds_per_unit(steps=50) == pytest.approx(2_400 / 10)


def test_the_unit_is_measured_in_real_training():
    assert 1 < unit.seconds_per_unit(steps=30) < 2_000


def test_multiplications_are_those_of_the_network_in_the_post():
    """Kernel height, width, channels in and out, times the positions, in forward direction."""
    encoder = 13 * 13 * 9 * 32 + 6 * 6 * 9 * 32 * 64 + 2_304 * 4
    decoder = 2 * 1_568 + 7 * 7 * 9 * 32 * 64 + 14 * 14 * 9 * 64 * 32 + 28 * 28 * 9 * 32
    assert multiplications_per_step() == 3 * 100 * (encoder + decoder)
