"""A folder with answers of the steerable model, which stands in for every model that is opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from steerable_model import SteerableModel

from causalvalues.loop import preparing
from causalvalues.study import eliciting

ASK = """
seed = 5
[items]
per_value = 2
[personas]
number = {personas}
[design]
kind = "full"
order = 2
names = ["do_power", "do_benevolence", "do_security"]
[checks]
known_groups = false
paraphrases = 0
"""


@contextmanager
def steered_world(folder: Path, personas: int) -> Iterator[Path]:
    """Ask that many personas under every lever and pair of levers; the answers are in ``answers``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(eliciting, "open_model", lambda *_, **__: SteerableModel())
        patch.setattr(preparing, "open_model", lambda *_, **__: SteerableModel())
        (folder / "ask.toml").write_text(ASK.format(personas=personas))
        eliciting.run_elicitation(folder / "ask.toml", folder / "answers", folder / "first.sqlite")
        yield folder
