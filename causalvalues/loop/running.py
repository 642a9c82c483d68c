"""`run_steer_loop`: a file of targets in, a folder with ledger, tables and report out."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from causalvalues.elicitation.cost import Limits
from causalvalues.elicitation.store import Store
from causalvalues.elicitation.store_file import default_store_path
from causalvalues.errors import LoopError, StudyError
from causalvalues.files import replacing_folder, write_text
from causalvalues.loop.kinds import KINDS, KindsTest, kinds_test
from causalvalues.loop.ledger import Ledger, begins_with, live_targets, questions_asked
from causalvalues.loop.outcomes import LoopResults, Outcome
from causalvalues.loop.preparing import Known, asker, known
from causalvalues.loop.report import first_lines, loop_report, loop_tables, target_row
from causalvalues.loop.sealed import unseal
from causalvalues.loop.session import Session, of_kind, steer_all, targets_of
from causalvalues.loop.settings import LoopSettings
from causalvalues.loop.testing import swap_test
from causalvalues.prediction.mechanism import Mechanism
from causalvalues.study.manifest import files_in, json_ready, run_head
from causalvalues.study.manifest_reading import NAME
from causalvalues.study.markdown import markdown_text
from causalvalues.study.page import page_text
from causalvalues.study.run_folder import RunFolder
from causalvalues.study.running import refuse_to_lose_files
from causalvalues.study.study_file import read_toml, validated
from causalvalues.study.tables import csv_text

LEDGER = "ledger.jsonl"
ENDING = ".unfinished"

Tell = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class LoopRun(RunFolder):
    """A finished loop.

    Parameters
    ----------
    folder : Path
        Holds ``ledger.jsonl``, ``targets.csv``, ``report.html`` and more.
    files : tuple of str
        Every file in it, relative to the folder.
    results : LoopResults
    """

    results: LoopResults

    def __repr__(self) -> str:
        return f"LoopRun({str(self.folder)!r}, {len(self.results.outcomes)} targets)"

    def summary(self) -> str:
        """Return the first lines of the report."""
        return "\n".join(f"{begin} {text}" for begin, text in first_lines(self.results))

    def targets(self) -> list[dict[str, object]]:
        """Return one mapping a target: chosen levers, errors, flags."""
        return [dict(target_row(outcome)) for outcome in self.results.outcomes]


def read_loop(path: str | Path) -> LoopSettings:
    """Read and check a file for ``causalvalues steer-loop``.

    Raises
    ------
    StudyError
        If there is no such file, it is no TOML, a key is unknown, or settings contradict each other.
    """
    settings = validated(LoopSettings, read_toml(path), str(path))
    if bool(settings.data.path) == settings.data.demo:
        raise StudyError(f'{path}: [data] needs either path = "answers.csv" or demo = true.')
    if settings.swap is not None and settings.swap.unreachable > 0 and settings.steering.reach == 0:
        raise StudyError(
            f"{path}: [swap] has unreachable targets, so [steering] needs `reach`: what counts as reached."
        )
    if settings.swap is not None and settings.steering.asks == 0:
        raise StudyError(f"{path}: [swap] tests a loop, which asks at least once. Set [steering] asks to 1 or more.")
    _check_guardrails(settings, path)
    return settings


def _check_guardrails(settings: LoopSettings, path: str | Path) -> None:
    """Refuse guardrails that nothing is asked for."""
    asked = settings.guardrails
    if asked is None:
        return
    if not (asked.texts or asked.questions):
        raise StudyError(
            f"{path}: [guardrails] asks neither texts nor questions, so that nothing is guarded. Give `texts` and "
            "`questions` as in the elicitation that gave the answers, or take [guardrails] out."
        )
    for name, number, allowed in (("texts", asked.texts, "fluency"), ("questions", asked.questions, "capability")):
        if not number and getattr(asked, allowed) is not None:
            raise StudyError(
                f"{path}: [guardrails] limits `{allowed}`, which is measured by {name}, and {name} = 0. Ask some, or "
                f"take `{allowed}` out."
            )


def run_steer_loop(
    study: str | Path,
    out: str | Path,
    store: str | Path | None = None,
    limits: Limits | None = None,
    *,
    tell: Tell | None = None,
) -> LoopRun:
    """Steer a model towards targets: plan, ask, compare, update, again; then write down how it went.

    Every step is in the ledger (beside the folder until the run has ended) before the next one begins, and every
    answer in the store before it counts. The same command goes on after an interrupt, a crash, a ``kill -9`` or a
    limit, and ends with the same bytes in every file but ``manifest.json``; a ledger keeps what its first run was
    asked.

    Parameters
    ----------
    study : str or Path
        File (TOML); paths in it start at its folder.
    out : str or Path
        An earlier run of the same file is taken up and written anew; a folder that holds anything else is refused.
    store : str or Path, optional
        SQLite file of answers; default `default_store_path`.
    limits : Limits, optional
        On calls and cost of this run.
    tell : callable, optional
        Given a line before each part of the work.

    Returns
    -------
    LoopRun

    Raises
    ------
    StudyError
        If the file is not well formed, or `out` holds files that no run wrote.
    LoopError
        If the ledger was written with other settings.
    ProviderError
        If the model cannot be reached, or a limit is hit.
    """
    out, path = Path(out), Path(study)
    say = tell or _silently
    refuse_to_lose_files(out)
    settings = read_loop(path)
    started = _now()
    say("read the answers and fit the mechanism")
    held = known(settings, path.parent)
    kept = Path(default_store_path() if store is None else store)
    if kept.resolve().is_relative_to(out.resolve()):
        raise StudyError(f"The store {kept} lies in the run folder {out}, which is replaced whole. Give another place.")
    unfinished = _take_up(out, _head(settings, held))
    with Store(kept) as opened:
        ask, personas = asker(settings, held, path.parent, opened, limits or Limits())
        try:
            ledger = Ledger(unfinished / LEDGER, _head(settings, held))
        except BaseException:
            ask.backend.close()
            raise
        try:
            response = Mechanism().fit(held.rows, settings.seed)
            results = _results(Session(settings, held, response, ask, personas, ledger), say)
            ledger.end()
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                f"Interrupted. Every answer so far is in {kept}, and the ledger in {unfinished}: the same command goes "
                "on from there."
            ) from None
        finally:
            ledger.close()
            ask.backend.close()
    say("write the report")
    with replacing_folder(out) as part:
        shutil.copyfile(unfinished / LEDGER, part / LEDGER)
        _write(part, settings, held, results)
        text = json.dumps(_manifest(settings, held, part, started), indent=2, ensure_ascii=False)
        write_text(part / NAME, text + "\n")
        refuse_to_lose_files(out)
    (unfinished / LEDGER).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # it holds files of somebody else
        unfinished.rmdir()
    return LoopRun(out, (NAME, *files_in(out)), results)


def _results(session: Session, say: Tell) -> LoopResults:
    say("ask for the starts and the targets")
    waiting = targets_of(session)
    say(f"steer towards {len(waiting)} targets")
    kinds = ("", "prompts", "inside") if session.settings.levers.compare else ("",)
    waiting = [one for kind in kinds for one in (of_kind(waiting, kind) if kind else waiting)]
    done = steer_all(session, waiting)
    lines = session.ledger.lines
    live = live_targets(lines)
    if session.settings.sealed is not None:
        say("ask the sealed rows")
        places = [place for _, place in waiting]
        done = unseal(session, list(zip(done, places, strict=True)), session.settings.sealed.frame)
    compared = _compared(session, done)
    test = None
    if session.settings.swap is not None:
        say("ask every pair, to compare with")
        test = swap_test(session, [outcome for outcome in done if outcome.swap is not None and not outcome.kind])
    questions = questions_asked(session.ledger.lines)
    measures = session.known.answers.matrix.measures
    return LoopResults(session.asker.values, tuple(done), test, questions, live, measures, compared)


def _compared(session: Session, done: Sequence[Outcome]) -> KindsTest | None:
    """Compare kinds of levers on the targets that were not moved out of reach."""
    if not session.settings.levers.compare:
        return None
    near = [outcome for outcome in done if outcome.swap is None or not outcome.swap.unreachable]
    by_kind = {kind: [outcome for outcome in near if outcome.kind == kind] for kind in KINDS}
    guardrails = [name for name in session.asker.key.guardrails if name in session.asker.values]
    return kinds_test(by_kind, session.asker.values, guardrails, session.known.inside)


def _take_up(out: Path, head: dict[str, object]) -> Path:
    """Return the folder of the ledger; a ledger of a finished run is taken up from its folder.

    Raises
    ------
    LoopError
        If the finished run had other settings.
    """
    place = out.resolve()
    unfinished = place.with_name(place.name + ENDING)
    if not unfinished.exists() and (place / LEDGER).is_file():
        if not begins_with(place / LEDGER, head):
            raise LoopError(
                f"{out} holds a run with another title, settings or answers. Give another --out, or remove that folder."
            )
        unfinished.mkdir(parents=True)
        shutil.copyfile(place / LEDGER, unfinished / LEDGER)
    return unfinished


def _head(settings: LoopSettings, held: Known) -> dict[str, object]:
    kept = settings.model_dump_json(exclude={"title"})
    return {
        "title": settings.title,
        "settings": hashlib.sha256(kept.encode()).hexdigest(),
        "answers": held.answers.sha256,
        "values": list(held.rows.values),
    }


def _write(folder: Path, settings: LoopSettings, held: Known, results: LoopResults) -> None:
    for name, table in loop_tables(results).items():
        write_text(folder / f"{name}.csv", csv_text(table))
    blocks, pictures = loop_report(settings, held, results)
    write_text(folder / "report.md", markdown_text(blocks, "svg"))
    write_text(folder / "report.html", page_text(blocks, settings.title))
    if pictures:
        (folder / "figures").mkdir()
    from causalvalues.figures import draw

    for picture in pictures:
        for suffix in ("svg", "pdf", "png"):
            draw(picture.scene, folder / "figures" / f"{picture.stem}.{suffix}")


def _manifest(settings: LoopSettings, held: Known, folder: Path, started: str) -> dict[str, object]:
    return {
        **run_head(settings, started, _now()),
        "input": {"file": held.answers.source, "sha256": held.answers.sha256, "rows": len(held.answers.matrix)},
        "settings": json_ready(settings.model_dump(mode="python")),
        "files": files_in(folder),
    }


def _silently(_: str) -> None:
    pass


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
