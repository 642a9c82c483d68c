"""The documentation site: ``make docs``."""

from __future__ import annotations

from importlib.metadata import version as installed_version

from sphinx.application import Sphinx

project = "causalvalues"
author = "The causalvalues developers"
version = release = installed_version("causalvalues")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx_design",
]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing"]

autodoc_typehints = "none"
autodoc_member_order = "groupwise"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

html_theme = "pydata_sphinx_theme"
html_title = "causalvalues"
html_static_path: list[str] = []
html_theme_options = {"show_prev_next": True, "navigation_with_keys": False, "use_edit_page_button": False}
html_show_sourcelink = False
html_copy_source = False


def plain_bars(_app: object, _what: str, _name: str, _held: object, _options: object, lines: list[str]) -> None:
    """Keep |x| an absolute value, which reStructuredText would read as a substitution."""
    for i, line in enumerate(lines):
        if "|" in line and not line.lstrip().startswith(">>>"):
            parts = line.split("``")
            parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]
            lines[i] = "``".join(parts)


def setup(app: Sphinx) -> None:
    """Register the treatment of docstrings."""
    app.connect("autodoc-process-docstring", plain_bars)
