"""The scripts beside this file need the tools whose logs they make, which are not installed here."""

collect_ignore_glob = ["make_*.py"]
