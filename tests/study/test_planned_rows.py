"""study/planned_rows.py: every model of the plan once, in an order that shows results early."""

import pandas as pd
import pytest

from study import claims, make_rows, model_table, named_models, planned_rows
from study.planned_rows import KEYS

BOTH = pytest.mark.parametrize("name", planned_rows.TABLES)


@BOTH
def test_each_row_is_planned_once_and_can_be_trained(name):
    rows = planned_rows.TABLES[name]()
    assert len({make_rows.key(settings) for settings in rows}) == len(rows)
    for settings in rows:
        named_models.recipe(**settings)  # raises for what cannot be trained


def test_the_plan_is_what_is_asked_for():
    """Every model and seed of study/plan.md, and nothing else of its kind."""
    rows = planned_rows.of_models()
    asked = pd.DataFrame([make_rows.key(settings) for settings in rows], columns=KEYS)
    assert model_table.missing(asked) == dict.fromkeys(model_table.PLANNED, 0)


@BOTH
def test_seeds_come_one_after_the_other_and_the_long_schedule_last(name):
    rows = pd.DataFrame(planned_rows.TABLES[name]())[KEYS]
    slow = rows.schedule == "post"
    assert slow.is_monotonic_increasing and rows.seed[slow].is_monotonic_increasing
    assert rows.seed[~slow].is_monotonic_increasing


def test_the_models_with_little_noise_are_those_of_which_every_seed_collapsed():
    table = model_table.rows(model_table.read())
    sampled = table[table.rate.notna() & (table.objective != "untrained")]
    most = sampled.groupby(["dataset", "objective"]).rate.max()
    again = pd.DataFrame(planned_rows.of_noise())
    assert set(planned_rows.COLLAPSING) == set(most[most < claims.COLLAPSED].index)
    assert set(again[["dataset", "objective"]].itertuples(index=False, name=None)) == set(
        planned_rows.COLLAPSING
    )
    assert (again.groupby(["dataset", "objective"]).seed.nunique() == 10).all()
    assert (again.initial_log_var < 0).all()
