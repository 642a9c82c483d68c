"""`run_vectors`: contrast pairs and a model in, a folder with levers, their trial and its report out."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from causalvalues.elicitation.items import ItemSet, item_set
from causalvalues.elicitation.local_model import LocalModel
from causalvalues.errors import SteeringError, StudyError, did_you_mean
from causalvalues.files import replacing_folder
from causalvalues.steering.contrast_pairs import contrast_pairs, held_out_words
from causalvalues.steering.modules import layers_of
from causalvalues.steering.pairs import ContrastPair
from causalvalues.study.manifest import files_in
from causalvalues.study.manifest_reading import NAME
from causalvalues.study.progress import progress_bar
from causalvalues.study.run_folder import RunFolder
from causalvalues.study.running import ending_cleanly, refuse_to_lose_files
from causalvalues.study.vector_results import STEPS, Given, VectorResults, vector_results
from causalvalues.study.vector_settings import VectorSettings, chosen_layers
from causalvalues.study.vector_words import first_lines
from causalvalues.study.vector_writing import write_vectors
from causalvalues.theories import ValueTheory, theory


@dataclass(frozen=True, eq=False, repr=False)
class VectorRun(RunFolder):
    """A finished folder of levers.

    Parameters
    ----------
    folder : Path
        Holds ``levers.csv``, ``levers/``, ``random.csv``, ``trial.csv``, ``report.html`` and more.
    files : tuple of str
        Every file in it, relative to the folder.
    results : VectorResults
    """

    results: VectorResults

    def summary(self) -> str:
        """Return the first lines of the report, and where the rest is."""
        lines = [f"{begin} {text}" for begin, text in first_lines(self.results)]
        return "\n".join([*lines, "", f"Levers: {self.folder / 'levers.csv'}", f"Open {self.report}"])


def run_vectors(settings: VectorSettings, out: str | Path) -> VectorRun:
    """Make levers of value vectors, set their doses, try them on what they were not made from, and write a folder.

    The same settings give the same bytes of every file but the times in ``manifest.json``; the folder appears whole or
    not at all.

    Parameters
    ----------
    settings : VectorSettings
        Paths in it start at the working directory.
    out : str or Path
        An earlier run is replaced; a folder that holds anything else is refused.

    Returns
    -------
    VectorRun

    Raises
    ------
    StudyError
        If a layer does not exist, or `out` holds files that no run wrote or that this one reads.
    SteeringError
        If there are no pairs, the loss is not positive, a value has no statements to be tried on, or the model cannot
        be steered.
    ProviderError
        If there is no such model.
    """
    out = Path(out)
    refuse_to_lose_files(out)
    _refuse_to_lose_input(out, settings)
    if not 0 < settings.loss < 10:
        raise SteeringError(f"The loss is {settings.loss:g}. Give nats per token above zero, such as .08.")
    given = _given(settings)
    started = _now()
    with progress_bar(len(STEPS)) as say:
        model = open_local(settings.model)
        try:
            layers = chosen_layers(settings.layers, len(layers_of(model.network.model)))
            results = vector_results(model, given, layers, settings, say)
        finally:
            model.close()
        say(STEPS[-1])
        with ending_cleanly(), replacing_folder(out) as part:
            write_vectors(part, results, started, _now())
            refuse_to_lose_files(out)
    return VectorRun(out, (NAME, *files_in(out)), results)


def open_local(path: str) -> LocalModel:
    """Return the model of a folder or file, "" for the embedded one."""
    return LocalModel(path or None)


def _given(settings: VectorSettings) -> Given:
    """Read everything but the model, and check that it fits together."""
    named = theory(settings.theory)
    pairs = contrast_pairs(settings.pairs or named.id)
    values = {pair.value for pair in pairs}
    words = {value: mine for value, mine in _words(settings, named).items() if value in values}
    items = item_set(settings.items or named.id) if settings.trial else None
    if items is not None:
        _check_items(items, pairs)
    return Given(named, pairs, items, words)


def _words(settings: VectorSettings, named: ValueTheory) -> dict[str, tuple[str, ...]]:
    """Return the words that are asked for, else those of the theory, if it has any."""
    if settings.words:
        return held_out_words(settings.words)
    with suppress(SteeringError):
        return held_out_words(named.id)
    return {}


def _check_items(items: ItemSet, pairs: tuple[ContrastPair, ...]) -> None:
    said = {item.value for item in items.items if not item.reverse}
    for value in sorted({pair.value for pair in pairs}):
        if value not in said:
            raise SteeringError(
                f"The items {items.id!r} have no statement for the value {value!r} of the pairs, so its lever cannot "
                f"be tried.{did_you_mean(value, said)} Give other items, or leave the trial out (--no-trial)."
            )


def _refuse_to_lose_input(out: Path, settings: VectorSettings) -> None:
    for name in (settings.model, settings.theory, settings.pairs, settings.items, settings.words):
        if name and Path(name).exists() and Path(name).resolve().is_relative_to(out.resolve()):
            raise StudyError(f"{name} lies in the folder {out}, which is replaced whole. Give another folder.")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
