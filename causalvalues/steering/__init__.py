"""Levers inside a model: value vectors, gates, neurons and sparse features, as data and as forward hooks."""

from causalvalues.steering.acts import Act, SteeringLever, TokenGate
from causalvalues.steering.calibrating import Calibrated, calibrated, text_scores
from causalvalues.steering.capturing import capture, capture_tokens
from causalvalues.steering.contrast_pairs import contrast_pairs, contrast_poles, held_out_words
from causalvalues.steering.decoding import Decoding, decode_values
from causalvalues.steering.feature_ranking import FeatureRanking, feature_levers, mean_features, rank_features
from causalvalues.steering.gates import GateFit, LearnedGate, gate_for, gates_for
from causalvalues.steering.hooks import steered
from causalvalues.steering.least_shift import least_shift, least_shift_lever
from causalvalues.steering.levers import SteeringLevers
from causalvalues.steering.loss_recovered import loss_recovered
from causalvalues.steering.many_tests import PairedTest
from causalvalues.steering.neurons import NeuronEffects, find_neurons, neuron_lever
from causalvalues.steering.pairs import ContrastPair, PolePair, Poles
from causalvalues.steering.probes import ProbeFit, ValueProbes, learn_probes
from causalvalues.steering.sae_files import read_autoencoder, write_autoencoder
from causalvalues.steering.sparse_autoencoder import SparseAutoencoder
from causalvalues.steering.sparse_training import SparseTraining, train_autoencoder
from causalvalues.steering.specs import read_levers, write_levers
from causalvalues.steering.training_texts import training_texts
from causalvalues.steering.trial import Gain, Trial, random_levers, run_trial
from causalvalues.steering.value_vectors import ValueVectors, learn_vectors, vector_levers
from causalvalues.steering.vector_circle import VectorCircle, cosine_matrix, vector_circle

__all__ = [
    "Act",
    "Calibrated",
    "ContrastPair",
    "Decoding",
    "FeatureRanking",
    "Gain",
    "GateFit",
    "LearnedGate",
    "NeuronEffects",
    "PairedTest",
    "PolePair",
    "Poles",
    "ProbeFit",
    "SparseAutoencoder",
    "SparseTraining",
    "SteeringLever",
    "SteeringLevers",
    "TokenGate",
    "Trial",
    "ValueProbes",
    "ValueVectors",
    "VectorCircle",
    "calibrated",
    "capture",
    "capture_tokens",
    "contrast_pairs",
    "contrast_poles",
    "cosine_matrix",
    "decode_values",
    "feature_levers",
    "find_neurons",
    "gate_for",
    "gates_for",
    "held_out_words",
    "learn_probes",
    "learn_vectors",
    "least_shift",
    "least_shift_lever",
    "loss_recovered",
    "mean_features",
    "neuron_lever",
    "random_levers",
    "rank_features",
    "read_autoencoder",
    "read_levers",
    "run_trial",
    "steered",
    "text_scores",
    "train_autoencoder",
    "training_texts",
    "vector_circle",
    "vector_levers",
    "write_autoencoder",
    "write_levers",
]
