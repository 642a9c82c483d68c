"""The command line: each command reads, calls the library once, and writes."""

from causalvalues.cli.app import main

__all__ = ["main"]
