"""From the settings of a study file to a model that can be asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from causalvalues.elicitation.backend import Backend
from causalvalues.elicitation.cost import Prices
from causalvalues.elicitation.local_steering import InnerLevers
from causalvalues.errors import StudyError
from causalvalues.study.elicitation_settings import ElicitationSettings, ModelSettings


def open_model(
    settings: ModelSettings,
    folder: Path,
    notice: Callable[[str], None] | None = None,
    levers: InnerLevers | None = None,
) -> Backend:
    """Return the backend that a ``[model]`` table names; nothing is loaded or asked yet.

    Parameters
    ----------
    settings : ModelSettings
    folder : Path
        Where a relative path to a model starts.
    notice : callable, optional
        Told when a server makes us wait or a question is asked again.
    levers : SteeringLevers, optional
        Levers inside the model; a server has none.

    Raises
    ------
    StudyError
        If keys of the other backend are given, or a server has no address or name.
    ProviderError
        If the model is not there.
    """
    if settings.backend == "server":
        if levers is not None:
            raise StudyError("[steering] needs a model in this process; a server cannot be steered from inside.")
        return _server(settings, notice)
    if settings.url or settings.name:
        raise StudyError('[model] has `url` or `name`, which belong to a server. Add backend = "server".')
    from causalvalues.elicitation.local_model import LocalModel

    path = None if not settings.path else folder / settings.path
    return LocalModel(path, settings.precision, levers=levers)


def _server(settings: ModelSettings, notice: Callable[[str], None] | None) -> Backend:
    from causalvalues.elicitation.openai_server import OpenAIServer
    from causalvalues.elicitation.rate_limits import RateLimits

    if settings.key_env and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", settings.key_env):
        raise StudyError(
            "[model] key_env is no name of an environment variable. Put the key into a variable and write its name; "
            "the key itself belongs into no file."
        )
    if not settings.url or not settings.name:
        raise StudyError('[model] with backend = "server" needs `url` (up to "/v1") and `name`.')
    if settings.path:
        raise StudyError('[model] has a `path`, which belongs to a local model. Take out backend = "server".')
    limits = RateLimits(settings.requests_per_minute, settings.tokens_per_minute)
    return OpenAIServer(settings.url, settings.name, settings.key_env, settings.parallel, limits=limits, notice=notice)


def prices_of(settings: ElicitationSettings) -> Prices | None:
    """Return the prices of what is asked; None when they are not known, or model and judge have different ones.

    A model in this process costs nothing.
    """
    judge = settings.judge if settings.method.kind == "rubric" else None
    found = [_prices(each) for each in (settings.model, *([judge] if judge else []))]
    return found[0] if all(each == found[0] for each in found) else None


def _prices(settings: ModelSettings) -> Prices | None:
    if settings.backend == "local":
        return Prices(0.0, 0.0)
    if settings.price_prompt is None or settings.price_completion is None:
        return None
    return Prices(settings.price_prompt, settings.price_completion)
