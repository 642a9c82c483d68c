"""A model that levers steer by a known mechanism, for tests of the closed loop."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
from pretend_model import PretendModel

from causalvalues.elicitation.items import item_set
from causalvalues.elicitation.prompt_levers import prompt_levers
from causalvalues.elicitation.questions import Asked, Reply, StatementQuestion, parted

ITEMS = {item.statement: item.value for item in item_set("schwartz-10").items}
LEVERS = {
    text: (lever.value, dose, wording)
    for lever in prompt_levers("schwartz-10")
    for dose, texts in lever.wordings
    for wording, text in enumerate(texts)
}
NEXT = {value: place for place, value in enumerate(dict.fromkeys(ITEMS.values()))}
PULL = 0.5


def chance(*names: object) -> float:
    """A number from -1 to 1 that depends on the names alone."""
    digest = hashlib.sha256("|".join(map(str, names)).encode()).digest()
    return int.from_bytes(digest[:6], "little") / 2**47 - 1


class SteerableModel(PretendModel):
    """Gains are the persona's own plus what levers add, which saturates; `noise` is the size of an answer's own."""

    identity = "steerable|1"
    model = "steerable"

    def __init__(self, noise: float = 0.01, log: Path | None = None, inner: dict[str, str] | None = None) -> None:
        super().__init__(together=64, log=log)
        self.noise = noise
        self.inner = inner or {}
        if inner:
            self.capabilities = frozenset({*self.capabilities, "steering"})

    def reply(self, asked: Asked) -> Reply:
        question = asked.question
        assert isinstance(question, StatementQuestion)
        found = self.gain(question) if question.statement in ITEMS else self.fluency(question)
        return Reply("ok", (found - 3.0,), tokens=1, prompt_tokens=1, completion_tokens=1)

    def fluency(self, question: StatementQuestion) -> float:
        """Levers inside cost the square of their doses on whatever is no item, prompts next to nothing."""
        acting, said = parted(question.conversation)
        prompts = sum(text in turn.text for turn in said for text in LEVERS)
        own = 0.002 * chance("plain", question.statement, *acting, prompts)
        return own - 0.08 * sum(dose for _, dose in acting) ** 2 - 0.005 * prompts

    def gain(self, question: StatementQuestion) -> float:
        told = " ".join(message.text for message in question.conversation if message.role == "system")
        if not told:
            return 0.0
        value = ITEMS[question.statement]
        said = [known for text, known in LEVERS.items() if text in told]
        said += [(self.inner[name], dose, 0) for name, dose in parted(question.conversation)[0]]
        who = told
        for text in LEVERS:
            who = who.replace(text, "")
        own = 0.2 * chance("persona", " ".join(who.split()), value)
        total = sum(dose for _, dose, _ in said)
        added = sum(dose * lever_effect(aimed, value) for aimed, dose, _ in said)
        kept = 1 - PULL * 2 * total / (1 + total) / 2
        asked_as = " ".join(turn.text for turn in question.conversation)
        steered = added * 1.6 / (1 + 0.6 * total) * bool(said)
        return kept * own + steered + self.noise * chance(asked_as, question.statement)


def lever_effect(aimed: str, value: str) -> float:
    """What one lever does to a value: much to its own, less to the next ones on the circle, against the opposite."""
    return 0.3 * float(np.cos(2 * np.pi * (NEXT[aimed] - NEXT[value]) / len(NEXT)))


def main(study: str, out: str, store: str, log: str, rest_after: int) -> None:
    """Run a loop on this model; rests when many questions were heard."""
    from causalvalues.loop import preparing, run_steer_loop

    model = SteerableModel(log=Path(log))
    model.pause, model.rest_after = 0.002, rest_after
    preparing.open_model = lambda *_, **__: model  # type: ignore[assignment]
    run_steer_loop(study, out, store)


def command(study: Path, out: Path, store: Path, log: Path, rest_after: int = 10**9) -> list[str]:
    """What runs `main` in a process of its own."""
    places = ", ".join(repr(str(path)) for path in (study, out, store, log))
    return [sys.executable, "-c", f"import steerable_model as m; m.main({places}, {rest_after})"]
