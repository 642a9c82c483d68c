"""``python -m causalvalues`` is the command line."""

from causalvalues.cli import main

main()
