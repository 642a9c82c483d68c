"""An interview under way: what it asks now, and what has been answered so far."""

from __future__ import annotations

from collections.abc import Mapping

from causalvalues.elicitation.questions import Asked, Reply, key_of
from causalvalues.elicitation.sheets import Answer, Interview


class Talk:
    """One interview between two lists of questions.

    Parameters
    ----------
    place : int
        Of its sheet among the sheets.
    interview : Interview
        Begun here.
    backend : str
        Identity of the backend, for the keys.

    Attributes
    ----------
    asked : dict of str to Asked
        The questions of this step by key; a question that the interview has twice is there once.
    replies : dict of str to Reply
        Those that are answered.
    answers : list of Answer or None
        Once the interview is over.
    step : int
        How many lists of questions it has asked.
    """

    def __init__(self, place: int, interview: Interview, backend: str) -> None:
        self.place = place
        self.asked: dict[str, Asked] = {}
        self.replies: dict[str, Reply] = {}
        self.answers: list[Answer] | None = None
        self.step = 0
        self._interview = interview
        self._backend = backend
        self._order: list[str] = []
        self._go_on(None)

    @property
    def missing(self) -> dict[str, Asked]:
        """The questions of this step that have no reply yet."""
        return {key: asked for key, asked in self.asked.items() if key not in self.replies}

    def hear(self, replies: Mapping[str, Reply]) -> None:
        """Take those of the replies that belong to this step; the interview goes on once it has all of them."""
        self.replies.update({key: replies[key] for key in self.asked if key in replies})
        if self.answers is None and len(self.replies) == len(self.asked):
            self._go_on([self.replies[key] for key in self._order])

    def close(self) -> None:
        """End the interview where it stands."""
        self._interview.close()

    def _go_on(self, replies: list[Reply] | None) -> None:
        """Give the replies and take the next questions, or the answers of the sheet."""
        self.asked, self.replies = {}, {}
        try:
            questions = next(self._interview) if replies is None else self._interview.send(replies)
            while not questions:
                questions = self._interview.send([])
        except StopIteration as end:
            self.answers = end.value
            return
        self.step += 1
        self._order = [key_of(self._backend, asked) for asked in questions]
        self.asked = dict(zip(self._order, questions, strict=True))
