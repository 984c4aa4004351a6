"""Check the accessibility of a page with axe-core, without a network; tests use it."""

# The rules of WCAG 2.2 on levels A and AA, and the best practices that axe adds.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# Pages opened from disk have no origin, so without this their frames could not answer.
TRUST = "axe.configure({ allowedOrigins: ['<unsafe_all_origins>'] })"
# With `preload` axe would fetch the style sheets, which browsers refuse for pages on disk.
RUN = "rules => axe.run(%s, { runOnly: rules, resultTypes: ['violations'], preload: false })"

# The rules whose result depends on the colors, and those whose result depends on the width of the
# window: links come closer to each other when lines break, and boxes begin to scroll.
COLORS = ["color-contrast", "link-in-text-block"]
WIDTH = ["target-size", "scrollable-region-focusable"]

# List all frames, and one element with text for each way in which text is colored: the styles of
# the element and of all those around it that affect its color or what is behind it. Most elements
# of a long page, such as the words of its code, are colored in one of a few dozen ways.
ONE_OF_EACH_COLOR = """(() => {
    const around = new Map([[null, ""]]);
    const style = element => {
        if (!around.has(element)) {
            const s = getComputedStyle(element);
            const own = [s.color, s.backgroundColor, s.backgroundImage, s.opacity, s.filter].join();
            const outer = style(element.parentElement);
            around.set(element, outer.endsWith(own) ? outer : `${outer}; ${own}`);
        }
        return around.get(element);
    };
    const found = new Map();
    for (const element of document.querySelectorAll("body *"))
        if ([...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())
            && element.checkVisibility()) {
            const { fontSize, fontWeight, textDecorationLine } = getComputedStyle(element);
            const font = [fontSize, fontWeight, textDecorationLine].join();
            found.set(`${font}; ${style(element)}`, element);
        }
    return [...found.values(), ...document.querySelectorAll("iframe")];
})()"""


def violations(page, rules: list[str] = TAGS, elements: str = "document") -> list[str]:
    """List the elements of a page, frames included, that break an accessibility rule.

    Args:
        page: Playwright's `Page`.
        rules: Names of rules, or tags of axe, which select many rules.
        elements: An expression in JavaScript for the elements to be checked, with all that is in
            them, for example `ONE_OF_EACH_COLOR`.

    Returns:
        A list of strings, each with the rule, the element, and how to fix it.
    """
    from axe_playwright_python.base import AXE_SCRIPT  # here, because most tests do not need it

    for frame in page.frames:
        frame.evaluate(f"{AXE_SCRIPT}; {TRUST}")
    return [
        f"{rule['id']} at {' in '.join(map(str, reversed(node['target'])))}: "
        + " ".join(node["failureSummary"].split())
        for rule in page.evaluate(RUN % elements, rules)["violations"]
        for node in rule["nodes"]
    ]
