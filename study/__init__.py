"""The statistical study behind the course: its tables, and the code that makes and judges them.

README.md beside this file explains the tables and how to make a row again. plan.md says what was
decided before the first row was trained. Several lessons and docs/results.md use these tables.
`vaelib` imports nothing from here.

    named_models        the trained models, by the names that the tables use
    measurement         every measure of one trained model
    known_images        measures of images whose quality we know, without a model
    planned_rows        which rows the plan asks for
    make_rows           train, measure, and add the rows that a table lacks
    check               make random rows again, and compare them with the table
    table_files         read and write tables, and record what produced each row
    model_table         the main table: its planned parts, and whether it is complete
    contrasts           differences between models over seeds, with confidence intervals
    claims              the post's claims, and the verdict on each
    ten_seeds           the claims by the post's schedule, with ten seeds
    four_changes        shares of a difference, with deterministic codes as a change of its own
    ledger              every verdict of the study in one file, ledger.csv; `ledger_rows` has its
                        columns, `post_verdicts` the claims of the post, `sameness_power` the power
    ledger_figure       the verdicts on the post's claims as one figure
    forecast            the post's forecast for real data; `forecast_text` words it
    vae_family          β-VAE, InfoVAE, and relatives; `make_beta_vaes` trains the seven β-VAEs
    conditional_vae     a VAE with and without the class label
    latent_diffusion    a diffusion model on the codes of a VAE, and other priors
    face_tables         drawn and filmed faces; `make_face_tables` adds the rows
    published_numbers   numbers that others published; `make_published` trains their models
    gan_contrast        GANs beside VAEs and MMD-VAEs
    training_schedules  train by several training schedules, and compare them
    write_results       write the tables of README.md and docs/results.md; `ledger_tables` has those
                        of verdicts, `first_edition` what changed, `markdown` formats them
"""

from pathlib import Path

TABLES = Path(__file__).parent / "tables"
