"""What levers do to every value: leakage, dose response, and whether the inside of a model looks like its answers."""
