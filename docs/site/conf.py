"""The documentation site: the Markdown of this repository as it lies there, the examples, and the docstrings.

The root of the repository is the source, so that every link works there and on the site; ``make docs`` builds it.
Nothing is loaded from another host: no fonts, no scripts, and the search runs in the page.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.inspect import signature, stringify_signature

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from draggan_widget import __version__  # noqa: E402  (the package of this repository, installed or not)

CONTENTS = {
    "Use it": {
        "docs/guide": "Guide: by hand",
        "docs/scripting": "By script",
        "docs/notebooks": "Results and files",
        "docs/photos": "Photos",
        "docs/checkpoints": "Your own generator",
        "docs/batches": "Batches",
        "docs/commands": "From a shell",
        "docs/api": "Reference",
    },
    "Examples": {
        "examples/quickstart": "Drag an animal",
        "examples/scripting": "Script a drag",
        "examples/masks_and_history": "Masks and history",
        "examples/inspector": "What the optimizer sees",
        "examples/contact_sheet": "One drag, many animals",
        "examples/evaluate": "Measure drags",
    },
    "Understand it": {
        "docs/method": "How it works",
        "docs/solver": "The maths of a drag",
        "docs/evaluation": "Evaluation",
        "docs/performance": "Performance",
        "docs/cuda": "CUDA",
        "draggan_widget/pretrained/animals": "The embedded generator",
        "draggan_widget/evaluation/landmarks": "The landmark network",
    },
    "Rely on it": {
        "docs/hosts": "Hosts",
        "docs/reliability": "Reliability",
        "SECURITY": "Security",
    },
    "Take part": {
        "CONTRIBUTING": "Contributing",
        "ARCHITECTURE": "Architecture",
        "CHANGELOG": "Changelog",
    },
}
"""The headings of the navigation, and under each its pages: files of the repository without suffix, and short titles."""

START = "README"
"""The first page."""

LIGHT_AND_DARK = re.compile(
    r'<picture>\s*<source media="\(prefers-color-scheme: dark\)" srcset="([^"]+)">\s*'
    r'<img src="([^"]+)" alt="([^"]*)"(?: (width="\d+"))?>\s*</picture>'
)
"""A picture as GitHub shows it in the theme of its reader."""

project = "draggan_widget"
author = "the draggan_widget authors"
copyright = f"2026, {author}"  # noqa: A001  (the name that Sphinx reads)
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = START
include_patterns = [
    f"{START}.md",
    *(f"{page}.*" for pages in CONTENTS.values() for page in pages),
]
exclude_patterns = ["build", "dist", "node_modules", ".venv", ".*_cache", "**/__pycache__", "js"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}

myst_enable_extensions = ["attrs_inline", "colon_fence"]
myst_heading_anchors = 3
nb_render_markdown_format = "gfm"  # with tables
nb_execution_mode = "off"  # the outputs are stored, and the tests run the examples
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # would come from another host

autoclass_content = "both"
autodoc_member_order = "groupwise"
autodoc_typehints_format = "short"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = False
napoleon_use_rtype = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80

html_theme = "furo"
html_title = f"draggan_widget {__version__}"
html_favicon = "mark.svg"
html_static_path = ["mark.svg", "site.css"]
html_css_files = ["site.css"]
html_additional_pages = {"index": "forward.html"}
html_copy_source = False
html_show_sphinx = False
html_show_search_summary = False  # is fetched, which browsers refuse to pages on a disk
templates_path = ["."]
html_theme_options = {
    "sidebar_hide_name": False,
    "light_css_variables": {
        "color-brand-primary": "#1f5fd0",
        "color-brand-content": "#1f5fd0",
        "color-brand-visited": "#5b4bb5",
        "color-highlight-on-target": "#e8f0ff",
    },
    "dark_css_variables": {
        "color-brand-primary": "#7db0ff",
        "color-brand-content": "#7db0ff",
        "color-brand-visited": "#b3a6ff",
        "color-highlight-on-target": "#1a2842",
    },
}
pygments_style = "friendly"
pygments_dark_style = "github-dark"


def toctrees() -> str:
    """Return the navigation as Markdown."""
    return "".join(
        "\n```{toctree}\n:hidden:\n:maxdepth: 1\n:caption: "
        + heading
        + "\n\n"
        + "".join(f"{title} </{page}>\n" for page, title in pages.items())
        + "```\n"
        for heading, pages in CONTENTS.items()
    )


def as_for_the_site(text: str) -> str:
    """Return a page with each picture of two themes as two, of which the theme of the site shows one."""

    def both(found: re.Match[str]) -> str:
        dark, light, words, width = found.groups(default="")
        return (
            f"![{words}]({light}){{.only-light {width}}}\n\n"
            f"![{words}]({dark}){{.only-dark {width}}}"
        )

    return LIGHT_AND_DARK.sub(both, text)


def read_source(app: Sphinx, name: str, source: list[str]) -> None:
    """Change a page as it is read."""
    source[0] = as_for_the_site(source[0])
    if name == START:
        source[0] += toctrees()


def own_signature(
    app: Sphinx, kind: str, name: str, found: object, options: object, written: str, returned: str
) -> tuple[str, str] | None:
    """Return the arguments of a class that says them itself, whatever its metaclass says."""
    if kind != "class" or "__init__" not in vars(found):
        return None
    arguments = signature(vars(found)["__init__"], bound_method=True)
    given = stringify_signature(arguments, show_return_annotation=False, unqualified_typehints=True)
    return given, returned


def setup(app: Sphinx) -> None:
    """Join the build."""
    app.connect("source-read", read_source)
    app.connect("autodoc-process-signature", own_signature)
