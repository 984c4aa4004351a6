"""Collect every verdict of the study in one table, study/ledger.csv.

`python -m study.ledger` computes the table from the files in study/tables/. Texts that state a
finding take it from a row of this table.
"""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from study import claims, conditional_vae, contrasts, face_tables, forecast, model_table
from study.contrasts import Difference, contrast
from study.sameness_power import power_of_sameness, seeds_needed
from vaelib.support.files import write_atomically

LEDGER = Path(__file__).with_name("ledger.csv")
COLUMNS = (
    *("family", "claim", "data", "measure", "comparison", "schedule", "seeds", "kind"),
    *("estimate", "low", "high", "effect", "p", "corrected p", "verdict", "reason"),
    *("power", "seeds needed", "status", "note"),
)
PLANNED, EXPLORATORY = "planned", "exploratory"
DIFFERENCE, RATIO = "difference", "ratio"
HIGHER, LOWER = "higher", "lower"
REWARDS_AVERAGES = (
    "The measure is higher for averages of similar images than for real images (amendment 7)."
)
NOT_TESTABLE = "not testable"
TESTABLE = 0.5  # smallest probability of showing sameness from which on a test is worth its name
COLLAPSED = "A model with collapsed seeds is compared, so the difference is not interpreted."
# Measures of the variety of samples, which averaging does not raise above that of real images.
VARIETY = "coverage", "recall"


def ledger() -> pd.DataFrame:
    """Compute all verdicts from the study's tables.

    Returns:
        A row for each test, with the columns

        - family: the tests that are corrected together for their number (Holm's method);
        - claim: what was tested, in words;
        - data: name of the data set;
        - measure: the measure, which is a column of the table of the family;
        - comparison: the two models whose difference or ratio was computed;
        - schedule: "fast" or "post";
        - seeds: the smaller number of seeds of the models that are compared;
        - kind: "difference" of means over seeds, or "ratio";
        - estimate, low, high: its value and its 95 % confidence interval, not corrected;
        - effect: the difference in standard deviations over seeds, pooled over the models;
        - p, corrected p: two-sided p value, before and after the correction;
        - verdict: "holds", "does not hold", or "can't tell". If no direction was claimed, "higher"
          or "lower" (the first model of the comparison) or "can't tell". Empty if the difference
          is not interpreted. A claim of sameness that could not be decided is "not testable" if
          its power is below 0.5 (amendment 8);
        - power, seeds needed: for a claim of sameness, the probability that the test shows it if
          the two models are equal, and how many seeds would make this probability 0.8;
        - reason: which change explains a claim that holds (study/plan.md, "Reasons");
        - status: "planned" before the rows existed, or "exploratory";
        - note: a reservation in words, or empty.
    """
    table = model_table.read()
    families = (
        _post_claims(table),
        _likelihoods(table),
        _forecast(),
        _forecast(relative=True),
        _frey_faces(),
        _conditional(),
        _variety(table),
        _noise(table),
    )
    return pd.DataFrame(itertools.chain(*families), columns=list(COLUMNS))


def read(path: Path = LEDGER) -> pd.DataFrame:
    """Read the ledger from its file. Empty cells of text are "".

    Returns:
        A table with the columns that `ledger` describes.
    """
    found = pd.read_csv(path)
    text = ["verdict", "reason", "note"]
    return found.assign(**found[text].fillna("").astype(str))


def write(path: Path = LEDGER) -> None:
    """Write the ledger with six significant digits."""
    write_atomically(path, ledger().to_csv(index=False, float_format="%.6g").encode())


def _numbers(found: Difference) -> dict[str, object]:
    low, high = found.interval
    both = min(1.0, 2 * min(found.p_above(0), found.p_below(0)))
    ends = {"kind": DIFFERENCE, "estimate": found.mean, "low": low, "high": high}
    return ends | {"effect": found.effect, "p": both, "seeds": found.seeds}


def _corrected(rows: Iterable[dict], family: str, status: str) -> Iterator[dict]:
    """Add the family, the corrected p, and a verdict on the direction of the difference."""
    rows = list(rows)
    for row, p in zip(rows, claims.holm_correction([row["p"] for row in rows]), strict=True):
        way = HIGHER if row["estimate"] > 0 else LOWER
        verdict = way if p < claims.LEVEL else claims.UNCLEAR
        yield {"family": family, "verdict": verdict, "status": status, "corrected p": p} | row


def _post_claims(table: pd.DataFrame) -> Iterator[dict]:
    """The claims of the post, as in `claims.judge`."""
    in_full, whole = {}, ""
    for claim in claims.CLAIMS:  # "... and nicely spread" continues the claim before it
        continues = claim.words.startswith("... ")
        in_full[claim] = f"{whole} {claim.words[4:]}" if continues else claim.words
        whole = whole if continues else claim.words
    for row in claims.judge(table).itertuples():
        claim, p = row.claim, min(1.0, 2 * min(claims.p_values(row.claim, row.found)))
        on_manifold = claim.measure.endswith("on manifold")
        verdict, planned = row.verdict, {}
        if claim.expected == 0:
            power = power_of_sameness(row.found, claim.margin)
            planned = {"power": power, "seeds needed": seeds_needed(row.found, claim.margin)}
            if verdict == claims.UNCLEAR and power < TESTABLE:
                verdict = NOT_TESTABLE
        yield (
            _numbers(row.found)
            | planned
            | {
                "family": "claims of the post",
                "claim": in_full[claim],
                "data": claim.dataset,
                "measure": claim.measure,
                "comparison": "untrained network minus chance"
                if claim.untrained
                else row.comparison,
                "schedule": row.schedule,
                "p": p,
                "corrected p": row.p,
                "verdict": verdict,
                "reason": row.reason,
                "status": PLANNED,
                "note": REWARDS_AVERAGES if on_manifold else "",
            }
        )


def _likelihoods(table: pd.DataFrame) -> Iterator[dict]:
    """Differences in the negative log-likelihood of black-and-white images."""
    part, rows = model_table.rows(table, "threshold"), []
    pairs = itertools.product(model_table.DATASETS, claims.LIKELIHOODS.items())
    for dataset, (change, weights) in pairs:
        models = part[(part.dataset == dataset) & part.objective.isin(weights)]
        where = {"claim": "the change affects the likelihood", "data": dataset, "measure": "NLL"}
        row = where | {"comparison": change, "schedule": "fast"}
        row |= _numbers(contrast(part, dataset, "NLL", weights))
        if (models.rate < claims.COLLAPSED).any():
            row |= {"verdict": "", "note": COLLAPSED}
        rows.append(row)
    return _corrected(rows, "likelihoods", PLANNED)


def _forecast(relative: bool = False) -> Iterator[dict]:
    """The post's forecast that effects become way bigger with real-world data.

    Args:
        relative: Whether an effect is a ratio of means (amendment 9), instead of a number of
            standard deviations over seeds.
    """
    unit = "logarithm of the ratio of means" if relative else "standard deviations over seeds"
    for (kind, dataset), row in forecast.ratios(forecast.read(), relative=relative).iterrows():
        yield {
            "family": "forecast, in ratios of means" if relative else "forecast",
            "claim": f"effects of {kind} are more than {forecast.WAY_BIGGER:g} times as large",
            "data": dataset,
            "measure": f"typical effect, {unit}",
            "comparison": "this data set divided by Fashion-MNIST",
            "schedule": "fast",
            "seeds": forecast.SEEDS,
            "kind": RATIO,
            **{"estimate": row.ratio, "low": row.low, "high": row.high, "p": row["uncorrected p"]},
            **{"corrected p": row.p, "verdict": row.verdict},
            "status": EXPLORATORY if relative else PLANNED,
        }


def _frey_faces() -> Iterator[dict]:
    """Whether the codes of a film move smoothly in time (amendment 2)."""
    ratios = face_tables.read_filmed().groupby("objective", sort=False)["step ratio"]
    seeds = {name: ratios.get_group(name) for name in face_tables.FILM_OBJECTIVES}
    where = {"data": "frey_faces", "measure": "step ratio", "schedule": "fast"}
    where |= {"status": PLANNED}
    for name, found in seeds.items():
        low, high = stats.t.interval(0.95, len(found) - 1, found.mean(), stats.sem(found))
        below = (found < face_tables.SMOOTH).all()
        yield where | {
            "family": "a film in time",
            "claim": f"every seed is below {face_tables.SMOOTH:g}",
            "comparison": name,
            "seeds": len(found),
            "kind": RATIO,
            **{"estimate": found.mean(), "low": low, "high": high},
            "verdict": claims.HOLDS if below else claims.DOES_NOT_HOLD,
        }
    vae, mmd_vae = (seeds[name] for name in face_tables.FILM_OBJECTIVES)
    row = where | {"claim": "the two models differ", "comparison": "post-mmd minus elbo"}
    yield from _corrected([row | _numbers(_welch(mmd_vae, vae))], "a film in time", PLANNED)


def _welch(first: pd.Series, second: pd.Series) -> Difference:
    """Return the difference of two means over seeds, with what Welch's test needs."""
    both = pd.concat([first, second], keys=["first", "second"], names=["objective"])
    table = both.rename("value").reset_index().assign(dataset="")
    return contrast(table, "", "value", {"first": 1, "second": -1})


def conditional_tests(table: pd.DataFrame) -> Iterator[tuple[dict, Difference, float]]:
    """Compare the VAE with the conditional VAE, as amendment 5 of study/plan.md says.

    Args:
        table: As from `conditional_vae.read`.

    Yields:
        Claim and data set, the difference VAE minus conditional VAE, and what it has to exceed.
    """
    full = table[table.images == conditional_vae.ALL]
    for dataset in full.dataset.unique():
        here = full[full.dataset == dataset].set_index("model")
        plain, given = here.loc[conditional_vae.PLAIN], here.loc[conditional_vae.CONDITIONAL]
        accuracy = _welch(plain["15-NN accuracy"], given["15-NN accuracy"])
        claim = {"claim": "the codes no longer tell the class", "measure": "15-NN accuracy"}
        yield claim | {"data": dataset}, accuracy, conditional_vae.SMALLEST_FALL
        saved = _welch(plain["-log p(x)"], given["-log p(x|y)"] + np.log(10))
        claim = {"claim": "image and label cost less than the image alone did"}
        yield claim | {"measure": "-log p(x, y)", "data": dataset}, saved, 0.0


def _conditional() -> Iterator[dict]:
    tests = list(conditional_tests(conditional_vae.read()))
    both = [2 * min(found.p_above(margin), found.p_below(margin)) for _, found, margin in tests]
    corrected = claims.holm_correction(both)
    for (claim, found, margin), p, after in zip(tests, both, corrected, strict=True):
        certain = claims.HOLDS if found.mean > margin else claims.DOES_NOT_HOLD
        yield (
            _numbers(found)
            | claim
            | {
                "family": "conditional VAE",
                "comparison": "VAE minus conditional VAE",
                "schedule": "fast",
                **{"p": min(1.0, p), "corrected p": after, "status": PLANNED},
                "verdict": certain if after < claims.LEVEL else claims.UNCLEAR,
            }
        )


def _variety(table: pd.DataFrame) -> Iterator[dict]:
    """Coverage and recall of samples, in place of measures that reward averages (amendment 7)."""
    rows = []
    places = itertools.product(claims.SCHEDULES, contrasts.COMPARISONS, model_table.DATASETS)
    for schedule, comparison, dataset in places:
        part = model_table.rows(table, schedule)
        for measure in VARIETY:
            found = contrast(part, dataset, measure, contrasts.COMPARISONS[comparison])
            where = {"claim": "samples are as varied as the data", "data": dataset}
            where |= {"measure": measure, "comparison": comparison, "schedule": schedule}
            rows.append(where | _numbers(found))
    return _corrected(rows, "variety of samples", EXPLORATORY)


def _noise(table: pd.DataFrame) -> Iterator[dict]:
    """MMD and the missing noise taken apart, where the model with both does not collapse."""
    part, rows = model_table.rows(table, "fast"), []
    measures = [c.measure for c in claims.CLAIMS if c.dataset == "fashion_mnist" and c.expected]
    for measure, (change, weights) in itertools.product(measures, contrasts.NOISE.items()):
        where = {"claim": "the change affects the measure", "data": "fashion_mnist"}
        where |= {"measure": measure, "comparison": change, "schedule": "fast"}
        note = REWARDS_AVERAGES if measure.endswith("on manifold") else ""
        found = contrast(part, "fashion_mnist", measure, weights)
        rows.append(where | _numbers(found) | {"note": note})
    return _corrected(rows, "MMD and noise, with cross-entropy", EXPLORATORY)


if __name__ == "__main__":
    write()
