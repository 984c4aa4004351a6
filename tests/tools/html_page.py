"""A page of the website as its tests read it."""

from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """What a page links to, what it loads, and the names of its parts."""

    def __init__(self, path):
        super().__init__()
        self.path, self.links, self.loaded, self.names, self.pictures = path, [], set(), set(), []
        self.text = path.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.names.add(attributes.get("id"))
        link = attributes.get("src") or attributes.get("href")
        if link and not urlsplit(link).scheme:
            self.links.append(link)
            target = (self.path.parent / unquote(urlsplit(link).path)).resolve()
            if tag in ("img", "script", "link") and attributes.get("rel") in (None, "stylesheet"):
                self.loaded.add(target)
        if tag == "img":
            self.pictures.append(attributes)
