"""Claims measured over seeds: what is trained, what is measured, and what follows from it.

What is in which file:

    models     what is trained, by name
    rows       every measure of one model
    tables     the study's table: which rows there are, and which the plan asks for
    staleness  which rows were made by code that is not today's
    contrasts  what each change does to a measure
    claims     the post's sentences, and verdicts
    family     the table of the post's relatives; `published`: what others printed
    forecast   whether effects are bigger on real-world data; `effects`: the figure of it
    figures    tables in, figure out
    batch      a notebook over a grid of parameters; `combinations`: of these; `execution`: of one
"""

import importlib

_PLACES = dict.fromkeys(
    ("OBJECTIVES", "REFERENCES", "TITLES", "UNTRAINED", "model_of", "recipe"), "models"
) | dict.fromkeys(("flat", "known_images", "measure"), "rows")


def __getattr__(name):
    # Only when they are asked for: they bring TensorFlow, and who executes notebooks does without.
    if name in _PLACES:
        return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
