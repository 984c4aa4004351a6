"""What axe-core finds on a page that keeps someone out: an oracle for tests, without a network."""

# All that WCAG 2.2 asks for on its levels A and AA, and what axe's makers advise beyond it.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# Pages opened from disk are of no origin, so that the frames in them could not answer otherwise.
TRUST = "axe.configure({ allowedOrigins: ['<unsafe_all_origins>'] })"
# Without `preload` it would ask for the style sheets, which browsers refuse for pages on disk.
RUN = "tags => axe.run({ runOnly: tags, resultTypes: ['violations'], preload: false })"


def violations(page):
    """One sentence for each element of the page, or of a frame in it, that breaks a rule.

    Args:
        page: Playwright's `Page`.

    Returns:
        A list of strings: the rule, where, and what would mend it.
    """
    from axe_playwright_python.base import AXE_SCRIPT  # here, for most tests do without

    for frame in page.frames:
        frame.evaluate(f"{AXE_SCRIPT}; {TRUST}")
    return [
        f"{rule['id']} at {' in '.join(map(str, reversed(node['target'])))}: "
        + " ".join(node["failureSummary"].split())
        for rule in page.evaluate(RUN, TAGS)["violations"]
        for node in rule["nodes"]
    ]
