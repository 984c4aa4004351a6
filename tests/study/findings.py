"""What docs/results.md says it found, and the rows of study/ledger.csv that it is about."""

from study import claims, gan_contrast, ledger, post_verdicts

FOUND = ledger.read()
CLOTHES, DIGITS = "fashion_mnist", "mnist"
POST, STANDARD = "post's weights", "standard KL weight"
HOLDS, NOT, OPEN = claims.HOLDS, claims.DOES_NOT_HOLD, claims.UNCLEAR
NOISE, VARIETY = ledger.NOISE_FAMILY, ledger.VARIETY_FAMILY
FIRST_STEP, SECOND_STEP = "MMD for KL", "no noise"


def row(measure, data, comparison, schedule="fast", family=post_verdicts.CLAIMS):
    """The one row of the ledger about a measure, in one comparison."""
    here = FOUND[(FOUND.family == family) & (FOUND.measure == measure) & (FOUND.data == data)]
    [found] = here[(here.comparison == comparison) & (here.schedule == schedule)].to_dict("records")
    return found


def rows(measure, data, comparisons=(POST, STANDARD), schedules=("fast", "post"), **family):
    """Rows about a measure, for each schedule and comparison."""
    return [row(measure, data, c, s, **family) for s in schedules for c in comparisons]


def steps(*measures, step=FIRST_STEP):
    """Rows about one of the two steps from the VAE to MMD without noise, on clothes."""
    return [row(measure, CLOTHES, step, family=NOISE) for measure in measures]


def gans(measure):
    """Rows about GANs beside the VAE and the MMD-VAE, on clothes and then on digits."""
    others = [f"{gan_contrast.GAN_MODEL} minus {name}" for name in gan_contrast.OTHERS]
    family = gan_contrast.FAMILY
    return [
        row(measure, data, other, family=family) for data in (CLOTHES, DIGITS) for other in others
    ]


# A part of a sentence with places for numbers, the rows of the ledger that it is about, with
# their verdict, and the format of the size of their estimates, or None if it gives no numbers.
FINDINGS = [
    (
        "the [mean norm](glossary.md#mean-norm), is {} lower than for the post's VAE and {} lower "
        "than for the standard VAE.",
        rows("mean norm", CLOTHES, schedules=["fast"]),
        *(HOLDS, ".2f"),
    ),
    (
        "is {} higher than for the post's VAE and {} higher than for the standard VAE. A third",
        rows("occupancy", CLOTHES, schedules=["fast"]),
        *(HOLDS, ".2f"),
    ),
    (
        "two claims about the codes hold in all four tests",
        rows("mean norm", CLOTHES) + rows("occupancy", CLOTHES),
        *(HOLDS, None),
    ),
    (
        "by MMD² to the prior. It holds in three of four tests.",
        rows("held-out MMD²", CLOTHES)[:3],
        *(HOLDS, None),
    ),
    (
        "In the fourth test, with the post's schedule and the standard VAE, we can't tell",
        rows("held-out MMD²", CLOTHES)[3:],
        *(OPEN, None),
    ),
    (
        "The first step, MMD with noise, lowers the mean norm by {} and",
        steps("mean norm"),
        *("lower", ".2f"),
    ),
    (
        "and MMD² to the prior by {}, whereas we cannot show an effect of removing the noise",
        steps("held-out MMD²"),
        *("lower", ".3f"),
    ),
    (
        "whereas we cannot show an effect of removing the noise on either of them.",
        steps("mean norm", "held-out MMD²", step=SECOND_STEP),
        *(OPEN, None),
    ),
    (
        "removing the noise, lowers the scaled path length by {}.",
        steps("path length, scaled", step=SECOND_STEP),
        *("lower", ".0f"),
    ),
    (
        "decoded grid points that are close to real images by {}, although",
        steps("grid on manifold", step=SECOND_STEP),
        *("higher", ".2f"),
    ),
    (
        "We cannot show an effect of MMD with noise on either of these two measures.",
        steps("grid on manifold", "path length, scaled"),
        *(OPEN, None),
    ),
    (
        "Both steps increase the occupancy, by {} and {}.",
        steps("occupancy") + steps("occupancy", step=SECOND_STEP),
        *("higher", ".2f"),
    ),
    ("because the first step increases it by {} and", steps("path length"), "higher", ".0f"),
    (
        "and the second lowers it by {}.",
        steps("path length", step=SECOND_STEP),
        *("lower", ".0f"),
    ),
    (
        "the accuracy of the probe is {} lower than for the post's VAE and {} lower than for the "
        "standard VAE, so the claim does not hold.",
        rows("15-NN accuracy", CLOTHES, schedules=["fast"]),
        *(NOT, ".3f"),
    ),
    (
        "so the claim does not hold. With the post's schedule, we can't tell.",
        rows("15-NN accuracy", CLOTHES, schedules=["post"]),
        *(OPEN, None),
    ),
    (
        "the accuracy on Fashion-MNIST increases by {} (corrected p = 0.033, exploratory).",
        steps("15-NN accuracy"),
        *("higher", ".4f"),
    ),
    (
        "If we then remove the noise, the accuracy falls by {} (corrected p = 0.033, exploratory).",
        steps("15-NN accuracy", step=SECOND_STEP),
        *("lower", ".4f"),
    ),
    (
        "and this is not testable with our seeds.",
        rows("15-NN accuracy", DIGITS),
        *(post_verdicts.NOT_TESTABLE, None),
    ),
    (
        "so the claim that there is no structure before training does not hold.",
        [row("15-NN accuracy", CLOTHES, "untrained network minus chance")],
        *(NOT, None),
    ),
    (
        "by {} with the fast schedule and by {} with the post's schedule. The claim of smooth "
        "evolutions therefore does not hold in this comparison.",
        rows("path length", CLOTHES, [POST]),
        *(NOT, ".0f"),
    ),
    (
        "the *scaled path length*, is {} lower for the MMD-VAE than for the post's VAE,",
        rows("path length, scaled", CLOTHES, [POST], ["fast"]),
        *(HOLDS, ".0f"),
    ),
    (
        "than for the post's VAE, and with the post's schedule, we can't tell.",
        rows("path length, scaled", CLOTHES, [POST], ["post"]),
        *(OPEN, None),
    ),
    (
        "the scaled path length is lower with both schedules, by {} and {},",
        rows("path length, scaled", CLOTHES, [STANDARD]),
        *(HOLDS, ".0f"),
    ),
    (
        "but for the unscaled path length, we can't tell.",
        rows("path length", CLOTHES, [STANDARD]),
        *(OPEN, None),
    ),
    (
        "by {} with the fast schedule and by {} with the post's schedule. However, MMD is not the",
        rows("path length", DIGITS, [STANDARD]),
        *(HOLDS, ".0f"),
    ),
    (
        "with the post's VAE, we can't tell for the unscaled path length on MNIST.",
        rows("path length", DIGITS, [POST]),
        *(OPEN, None),
    ),
    (
        "The scaled path length is lower in three of four tests on MNIST.",
        rows("path length, scaled", DIGITS, schedules=["fast"])
        + rows("path length, scaled", DIGITS, [STANDARD], ["post"]),
        *(HOLDS, None),
    ),
    (
        "In the fourth test, with the post's schedule and the post's VAE, we can't tell.",
        rows("path length, scaled", DIGITS, [POST], ["post"]),
        *(OPEN, None),
    ),
    (
        "for which we can't tell in any of the four tests.",
        rows("silhouette", CLOTHES),
        *(OPEN, None),
    ),
    (
        "This holds in one of four tests, with the fast schedule and the standard VAE.",
        [row("sample sharpness", CLOTHES, STANDARD)],
        *(HOLDS, None),
    ),
    (
        "In the three other tests, we can't tell, and with the post's schedule",
        rows("sample sharpness", CLOTHES, [POST])
        + rows("sample sharpness", CLOTHES, [STANDARD], ["post"]),
        *(OPEN, None),
    ),
    (
        "On Fashion-MNIST, the claim about the grid holds in all four tests,",
        rows("grid on manifold", CLOTHES),
        *(HOLDS, None),
    ),
    (
        "and the claim about samples holds in the two tests with the fast schedule.",
        rows("prior on manifold", CLOTHES, schedules=["fast"]),
        *(HOLDS, None),
    ),
    (
        "Compared with the post's VAE, coverage is higher in all four tests,",
        [r for d in (CLOTHES, DIGITS) for r in rows("coverage", d, [POST], family=VARIETY)],
        *("higher", None),
    ),
    (
        "in all four tests, and for recall, we can't tell.",
        [r for d in (CLOTHES, DIGITS) for r in rows("recall", d, [POST], family=VARIETY)],
        *(OPEN, None),
    ),
    (
        "On MNIST, recall is lower with both schedules,",
        rows("recall", DIGITS, [STANDARD], family=VARIETY),
        *("lower", None),
    ),
    (
        "and coverage is {} lower with the post's schedule.",
        rows("coverage", DIGITS, [STANDARD], ["post"], family=VARIETY),
        *("lower", ".3f"),
    ),
    (
        "increases the [negative log-likelihood](glossary.md#likelihood) by {} [nats]",
        [row("NLL", DIGITS, "both", family=ledger.LIKELIHOOD_FAMILY)],
        *("higher", ".1f"),
    ),
    (
        "so test images become less probable. On Fashion-MNIST, we can't tell.",
        [row("NLL", CLOTHES, "both", family=ledger.LIKELIHOOD_FAMILY)],
        *(OPEN, None),
    ),
    (
        "is {} higher than for the VAE and {} higher than for the MMD-VAE on Fashion-MNIST, and {} "
        "and {} higher on MNIST. Samples of digits",
        gans("sample sharpness"),
        *(HOLDS, ".2f"),
    ),
    (
        "is {} lower than for the VAE and {} lower than for the MMD-VAE on Fashion-MNIST, and {} "
        "and {} lower on MNIST.",
        gans("coverage"),
        *(HOLDS, ".3f"),
    ),
    (
        "is {} nats higher than for the VAE and {} nats higher than for the MMD-VAE on "
        "Fashion-MNIST, and {} and {} nats higher on MNIST.",
        gans("marginal cross-entropy"),
        *(HOLDS, ".0f"),
    ),
    (
        "All three claims hold in all four tests.",
        [one for measure in gan_contrast.CLAIMS for one in gans(measure)],
        *(HOLDS, None),
    ),
    (
        "the effects of cost functions are {} times as large as on Fashion-MNIST, and the effects "
        "of priors are {} times as large, so the forecast does not hold there.",
        FOUND[(FOUND.family == "forecast") & (FOUND.data == "cifar10")].to_dict("records"),
        *(NOT, ".2f"),
    ),
    (
        "On the Frey faces, which are the frames from a film, we can't tell.",
        FOUND[(FOUND.family == "forecast") & (FOUND.data == "frey_faces")].to_dict("records"),
        *(OPEN, None),
    ),
    (
        "on average {} times as long as a step between shuffled frames. For the MMD-VAE, it is {} "
        "times as long.",
        FOUND[(FOUND.family == "a film in time") & (FOUND.kind == "ratio")].to_dict("records"),
        *(HOLDS, ".2f"),
    ),
    (
        "The difference is {} nats on Fashion-MNIST and {} nats on MNIST.",
        FOUND[FOUND.measure == "-log p(x, y)"].to_dict("records"),
        *(HOLDS, ".1f"),
    ),
    (
        "the accuracy of the probe is lower by {} on Fashion-MNIST and by {} on MNIST.",
        FOUND[FOUND.claim == "the codes no longer tell the class"].to_dict("records"),
        *(HOLDS, ".2f"),
    ),
]
