"""Check the accessibility of a page with axe-core, without a network; tests use it."""

# The rules of WCAG 2.2 on levels A and AA, and the best practices that axe adds.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# Pages opened from disk have no origin, so without this their frames could not answer.
TRUST = "axe.configure({ allowedOrigins: ['<unsafe_all_origins>'] })"
# With `preload` axe would fetch the style sheets, which browsers refuse for pages on disk.
RUN = "tags => axe.run({ runOnly: tags, resultTypes: ['violations'], preload: false })"


def violations(page) -> list[str]:
    """List the elements of a page, frames included, that break an accessibility rule.

    Args:
        page: Playwright's `Page`.

    Returns:
        A list of strings, each with the rule, the element, and how to fix it.
    """
    from axe_playwright_python.base import AXE_SCRIPT  # here, because most tests do not need it

    for frame in page.frames:
        frame.evaluate(f"{AXE_SCRIPT}; {TRUST}")
    return [
        f"{rule['id']} at {' in '.join(map(str, reversed(node['target'])))}: "
        + " ".join(node["failureSummary"].split())
        for rule in page.evaluate(RUN, TAGS)["violations"]
        for node in rule["nodes"]
    ]
