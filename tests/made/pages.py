"""A report as a reader sees it: its elements, its tables by id, its text."""

import re
from html.parser import HTMLParser


class Page(HTMLParser):
    """Elements, attributes, text, tables (their cells by id) and hints of pictures of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.tables: dict[str, list[list[str]]] = {}
        self.hints: list[str] = []
        self._table = self._tag = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._tag = tag
        if tag == "figure":
            self._table = (dict(attrs)["id"] or "").removeprefix("table-")
        elif tag == "tr":
            self.tables.setdefault(self._table, []).append([])
        elif tag in ("td", "th"):
            self.tables[self._table][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._tag in ("td", "th"):
            self.tables[self._table][-1][-1] += data
        elif self._tag == "title":
            self.hints.append(data)


def pictures(page: str) -> list[str]:
    """Every picture of a page."""
    return re.findall(r"<svg.*?</svg>", page, re.DOTALL)
