"""Texts of remedies that more than one check proposes."""

IPSATIVE_REMEDY = (
    'Score again without centring, `score(answers, key, centring="none")`, and take out the persons\' level with '
    "`remove_intercept(summarise(matrix))` (its assumption: covariances of values are zero on average). If only "
    "centred scores exist, use `uncentre(summarise(matrix))` (each value's covariances are zero on average) and look "
    "at `average_covariance_sweep`. Dropping a column does not help: unrelated values would then all have the partial "
    "correlation -1/2."
)
