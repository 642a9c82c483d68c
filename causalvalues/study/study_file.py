"""Reading study files; every mistake is named with its place and the nearest thing that would be understood."""

from __future__ import annotations

import tomllib
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from causalvalues.errors import StudyError, did_you_mean
from causalvalues.study.settings import EnvironmentSettings, StudySettings

Settings = TypeVar("Settings", bound=BaseModel)
DEMO = Path(__file__).parent / "demo.toml"


def read_study(path: str | Path) -> StudySettings:
    """Read and check a study file.

    Parameters
    ----------
    path : str or Path
        TOML, see `StudySettings`.

    Returns
    -------
    StudySettings

    Raises
    ------
    StudyError
        If there is no such file, it is no TOML, a key is unknown, or a value has another type.
    """
    return settings_from(read_toml(path), str(path))


def read_toml(path: str | Path) -> dict[str, Any]:
    """Return the tables of a TOML file; errors as in `read_study`."""
    path = Path(path)
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise StudyError(f"There is no study file {path}. `causalvalues demo` shows one at work.") from None
    except IsADirectoryError:
        raise StudyError(f"{path} is a folder. Give the study file in it.") from None
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise StudyError(f"{path} is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{path} is not TOML: {error}.") from None


def settings_from(held: dict[str, Any], name: str = "study") -> StudySettings:
    """Check settings that were read already; errors as in `read_study`."""
    settings = validated(StudySettings, held, name)
    data = settings.data
    if bool(data.path) == data.demo:
        raise StudyError(f'{name}: [data] needs either path = "answers.csv" or demo = true.')
    if data.demo and (data.key or data.theory):
        raise StudyError(f"{name}: [data] demo = true brings its own scoring key. Take out `key` and `theory`.")
    if settings.environments is not None:
        _check_environments(settings.environments, settings.evidence.moments, name)
    return settings


def validated(kind: type[Settings], held: dict[str, Any], name: str) -> Settings:
    """Return settings of a kind, with every mistake named by its place in the file.

    Raises
    ------
    StudyError
        If a key is unknown or missing, or a value has another type.
    """
    try:
        return kind.model_validate(held)
    except ValidationError as error:
        raise StudyError("\n".join(_sentences(error, held, name, kind))) from None


def _check_environments(asked: EnvironmentSettings, moments: str, name: str) -> None:
    """Refuse keys that contradict each other."""
    if asked.unknown and asked.forced:
        raise StudyError(
            f"{name}: [environments] unknown = true finds out what conditions act on, and `forced` says it. Keep one."
        )
    if asked.unknown and not asked.baseline and "baseline" not in asked.model_fields_set:
        raise StudyError(f"{name}: [environments] unknown = true needs a `baseline` that conditions are compared with.")
    if asked.forced.get(asked.baseline):
        raise StudyError(
            f"{name}: [environments] the `baseline` {asked.baseline!r} forces nothing, and `forced` says it forces "
            f"{', '.join(asked.forced[asked.baseline])}. Keep one."
        )
    if moments == "corrected" and not asked.unknown:
        raise StudyError(
            f'{name}: [evidence] moments = "corrected" corrects items, and [environments] forces values. Choose other '
            "moments."
        )


def _sentences(error: ValidationError, held: dict[str, Any], name: str, root: type[BaseModel]) -> list[str]:
    said = []
    for problem in error.errors():
        place = [part for part in problem["loc"] if not (isinstance(part, str) and part[:1].isupper())]
        parent, key = place[:-1], place[-1] if place else ""
        where = f"{name}: {_place(parent)}"
        if problem["type"] == "extra_forbidden":
            said.append(f"{where} has no key {key!r}." + did_you_mean(str(key), _known(parent, root)))
        elif problem["type"] == "missing":
            said.append(f"{where} lacks `{key}`.")
        else:
            given = _given(held, place)
            said.append(f"{where}: `{key}` is {given!r}. {problem['msg'].removesuffix('.')}.")
    return list(dict.fromkeys(said))


def _place(path: Sequence[int | str]) -> str:
    """Return ``[data]``, or ``[[plan]] number 2, levers, item 1``; the file itself when there is no path."""
    if not path:
        return "the file"
    said = f"[{path[0]}]"
    rest = list(path[1:])
    if rest and isinstance(rest[0], int):
        said = f"[[{path[0]}]] number {int(rest.pop(0)) + 1}"
    for part in rest:
        said += f", item {part + 1}" if isinstance(part, int) else f", {part}"
    return said


def _known(path: Sequence[int | str], root: type[BaseModel]) -> list[str]:
    """Return the keys of the table at a place."""
    here: Any = root
    for part in path:
        if isinstance(part, str) and isinstance(here, type) and issubclass(here, BaseModel):
            here = _section_in(here.model_fields[part].annotation)
    return list(here.model_fields) if isinstance(here, type) and issubclass(here, BaseModel) else []


def _section_in(annotation: Any) -> Any:
    """Return the section type inside ``list[...]`` and unions."""
    if get_origin(annotation) in (list, types.UnionType):
        return next((found for part in get_args(annotation) if (found := _section_in(part)) is not None), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _given(held: Any, place: Sequence[int | str]) -> Any:
    for part in place:
        try:
            held = held[part]
        except (KeyError, IndexError, TypeError):
            return held
    return held
