"""The explorer: a run as one page to look at, ask and plan with, which opens from disk."""

from causalvalues.explorer.page import explore, explorer_page
from causalvalues.explorer.run_files import Run, open_run
from causalvalues.explorer.serving import explorer_app, serve

__all__ = ["Run", "explore", "explorer_app", "explorer_page", "open_run", "serve"]
