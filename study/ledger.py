"""Collect every verdict of the study in one table, study/ledger.csv.

`python -m study.ledger` computes the table from the files in study/tables/. Texts that state a
finding take it from a row of this table.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from study import (
    claims,
    conditional_vae,
    contrasts,
    face_tables,
    forecast,
    four_changes,
    gan_contrast,
    model_table,
    post_verdicts,
    ten_seeds,
)
from study.contrasts import Difference, contrast
from study.ledger_rows import (
    COLLAPSED,
    COLUMNS,
    EXPLORATORY,
    PLANNED,
    RATIO,
    REWARDS_AVERAGES,
    corrected,
    numbers,
)
from vaelib.support.files import write_atomically

LEDGER = Path(__file__).with_name("ledger.csv")
# Measures of the variety of samples. Neither measures blur. Averages of similar digits even have a
# higher coverage than real digits.
VARIETY = "coverage", "recall"
LIKELIHOOD_FAMILY, VARIETY_FAMILY = "likelihoods", "variety of samples"
NOISE_FAMILY = "MMD and noise, with cross-entropy"


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
    judged = claims.judge(table)
    families = [
        post_verdicts.post_claims(judged),
        _likelihoods(table),
        _forecast(),
        _forecast(relative=True),
        _frey_faces(),
        _conditional(),
        _variety(table),
        _noise(table),
        _gans(table),
    ]
    # Nothing is concluded from an incomplete table.
    if not ten_seeds.missing():
        families.append(post_verdicts.with_ten_seeds(judged, ten_seeds.read()))
    if not four_changes.missing():
        families.append(post_verdicts.reasons(judged, four_changes.read()))
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


def _likelihoods(table: pd.DataFrame) -> Iterator[dict]:
    """Differences in the negative log-likelihood of black-and-white images."""
    part, rows = model_table.rows(table, "threshold"), []
    pairs = itertools.product(model_table.DATASETS, claims.LIKELIHOODS.items())
    for dataset, (change, weights) in pairs:
        models = part[(part.dataset == dataset) & part.objective.isin(weights)]
        where = {"claim": "the change affects the likelihood", "data": dataset, "measure": "NLL"}
        row = where | {"comparison": change, "schedule": "fast"}
        row |= numbers(contrast(part, dataset, "NLL", weights))
        if (models.rate < claims.COLLAPSED).any():
            row |= {"verdict": "", "note": COLLAPSED}
        rows.append(row)
    return corrected(rows, LIKELIHOOD_FAMILY, PLANNED)


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
    yield from corrected([row | numbers(_welch(mmd_vae, vae))], "a film in time", PLANNED)


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
    all_after = claims.holm_correction(both)
    for (claim, found, margin), p, after in zip(tests, both, all_after, strict=True):
        certain = claims.HOLDS if found.mean > margin else claims.DOES_NOT_HOLD
        yield (
            numbers(found)
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
            rows.append(where | numbers(found))
    return corrected(rows, VARIETY_FAMILY, EXPLORATORY)


def _noise(table: pd.DataFrame) -> Iterator[dict]:
    """MMD and the missing noise taken apart, where the model with both does not collapse."""
    part, rows = model_table.rows(table, "fast"), []
    measures = [c.measure for c in claims.CLAIMS if c.dataset == "fashion_mnist" and c.expected]
    for measure, (change, weights) in itertools.product(measures, contrasts.NOISE.items()):
        where = {"claim": "the change affects the measure", "data": "fashion_mnist"}
        where |= {"measure": measure, "comparison": change, "schedule": "fast"}
        note = REWARDS_AVERAGES if measure.endswith("on manifold") else ""
        found = contrast(part, "fashion_mnist", measure, weights)
        rows.append(where | numbers(found) | {"note": note})
    return corrected(rows, NOISE_FAMILY, EXPLORATORY)


def _gans(table: pd.DataFrame) -> Iterator[dict]:
    """GANs beside VAEs and MMD-VAEs (amendment 11)."""
    found = gan_contrast.differences(gan_contrast.read(), model_table.rows(table, "fast"))
    rows = [where | {"schedule": "fast"} | numbers(difference) for where, difference in found]
    for row in corrected(rows, gan_contrast.FAMILY, PLANNED):
        claimed = row["verdict"] == gan_contrast.CLAIMS[row["measure"]].direction
        if row["verdict"] != claims.UNCLEAR:
            row["verdict"] = claims.HOLDS if claimed else claims.DOES_NOT_HOLD
        yield row


if __name__ == "__main__":
    write()
