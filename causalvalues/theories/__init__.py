"""Value theories and scoring keys, as data."""

from causalvalues.theories.key import ItemKey, ScoringKey
from causalvalues.theories.key_files import scoring_key, scoring_keys
from causalvalues.theories.theory import ValueTheory, theories, theory

__all__ = ["ItemKey", "ScoringKey", "ValueTheory", "scoring_key", "scoring_keys", "theories", "theory"]
