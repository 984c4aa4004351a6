"""Rows of `make bench`: what was measured, and whether the goal is met where there is one."""


def row(what, found, unit="", digits=1, at_most=None, at_least=None):
    """Print a row. `found` is a number, or words where there is none.

    Args:
        what: was measured.
        found: a number, or words in its place.
        unit: of the number.
        digits: behind its point.
        at_most, at_least: the goal; the number as it is decides, not as it is printed.
    """
    text = found if isinstance(found, str) else f"{found:.{digits}f}"
    goal, met = "", True
    if at_most is not None:
        goal, met = f"at most {at_most:g}", found <= at_most
    if at_least is not None:
        goal, met = f"at least {at_least:g}", found >= at_least
    verdict = f"{goal}: {'met' if met else 'MISSED'}" if goal else ""
    print(f"{what:55}{text:>7}{unit:4}{verdict}".rstrip(), flush=True)
