"""Faults in training runs: a few of each kind here, many in `make stress`."""

import subprocess
import sys

import pytest

from tools.checks import faults


@pytest.mark.slow
def test_every_fault_is_survived_without_losing_completed_epochs():
    command = [sys.executable, "-m", "tools.checks.stress", "--short"]
    done = subprocess.run(command, capture_output=True, text=True)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = done.stdout.splitlines()[1:]
    assert len(rows) == 5, done.stdout
    if skipped := [row for row in rows if "SKIPPED" in row]:
        pytest.skip("; ".join(skipped))


@pytest.mark.slow
def test_a_run_that_does_not_survive_is_counted(tmp_path):
    faults.finish(tmp_path)
    wrong = dict(faults.contents(tmp_path), **{"weights.npz": b""})
    assert list(faults.made_nan(wrong, [10])) == [(False, False)]
