"""Pages of the site that no file of docs/ holds, and links that hold on GitHub and there.

A hook of MkDocs (mkdocs.yml names it). README, CONTRIBUTING and CHANGELOG become pages; the pages
of commands and of the Python interface are made from what they describe.
"""

import logging
import posixpath
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from typer.core import TyperGroup
from typer.main import get_command

import actwise
from actwise.cli.app import app

ROOT = Path(__file__).parents[1]
OUTSIDE = {"index.md": "README.md", "contributing.md": "CONTRIBUTING.md"}
OUTSIDE["changelog.md"] = "CHANGELOG.md"
PAGES = {path: page for page, path in OUTSIDE.items()}
ROLE = re.compile(r":(?:class|data|func|meth|mod):<code>[~.\w]*?(\w+)</code>")
LINK = re.compile(r"\[([^\]]+)\]\(([^)#\s]+)(#[^)\s]+)?\)")

log = logging.getLogger("mkdocs.hooks.site_pages")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from outside docs/ and those that are generated."""
    for page, path in OUTSIDE.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / path)))
    files.append(File.generated(config, "cli.md", content="\n".join(_commands())))
    files.append(File.generated(config, "api.md", content="\n".join(_names())))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Let links lead to pages of the site; what is no page stays as text.

    A link to a file that the repository does not have is warned of, which ends a strict build.
    """
    here = page.file.src_uri
    source = OUTSIDE.get(here, f"docs/{here}")

    def in_site(link: re.Match[str]) -> str:
        text, target, anchor = link.groups(default="")
        if ":" in target:
            return link[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        if not (ROOT / path).exists():
            log.warning("%s links to %s, which is not there", source, path)
        if path not in PAGES and not re.match(r"docs/.*\.\w+$", path):
            return text
        there = PAGES.get(path, path.removeprefix("docs/"))
        return f"[{text}]({posixpath.relpath(there, posixpath.dirname(here))}{anchor})"

    return re.sub(r'(src|srcset)="docs/', r'\1="', LINK.sub(in_site, markdown))


def on_page_content(html: str, **_: Any) -> str:
    """Write names in docstrings as names, and begin a block of code without a mark."""
    return ROLE.sub(r"<code>\1</code>", html).replace("<p>::</p>", "")


def _commands() -> Iterator[str]:
    yield "# Commands\n\nAs `actwise COMMAND --help` says it.\n"
    yield from _described(get_command(app), "actwise")


def _described(command: Any, name: str) -> Iterator[str]:
    """A command, and those below it: its usage, what it does, its arguments and options."""
    context = command.make_context(name, [], resilient_parsing=True)
    context.info_name = name
    if name != "actwise":
        usage = " ".join(command.collect_usage_pieces(context))
        yield f"## {name}\n\n```text\n{name} {usage}\n```\n\n{command.help}\n"
    if isinstance(command, TyperGroup):
        for word, member in command.commands.items():
            yield from _described(member, f"{name} {word}")
        return
    yield "| option | what it says |\n|---|---|"
    records = (parameter.get_help_record(context) for parameter in command.get_params(context))
    for what, text in filter(None, records):
        yield f"| `{re.sub(' <.*>', '', what)}` | {text} |".replace("\n", " ")
    yield ""


def _names() -> Iterator[str]:
    yield "# Python\n\n`import actwise as aw`; a name is loaded when it is first used.\n"
    for name in actwise.__all__:
        if name != "__version__":
            yield f"::: {full_name(name)}\n"


def full_name(name: str) -> str:
    """Where a public name is at home; ``actwise.NAME`` may be the module of that name too."""
    thing = getattr(import_module(f"actwise.{actwise._HOMES[name]}"), name)
    return f"{thing.__module__}.{thing.__qualname__}"
