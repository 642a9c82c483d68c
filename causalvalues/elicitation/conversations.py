"""How a sheet becomes a conversation."""

from __future__ import annotations

from causalvalues.elicitation.frames import Frames
from causalvalues.elicitation.questions import Conversation, Message, steering_turn
from causalvalues.elicitation.sheets import Sheet


def opening(sheet: Sheet) -> Conversation:
    """Return the system message of a sheet: persona and levers; nothing when there are none.

    Levers inside the model come first, as a turn of their own.

    Examples
    --------
    >>> from causalvalues.elicitation.sheets import Persona
    >>> levers = (("do_power", 1.0),)
    >>> opening(Sheet("p0|do_power", "plain", Persona("p0", "You are a nurse."), levers, ("Seek control.",)))[0].text
    'You are a nurse. Seek control.'
    """
    text = " ".join(part for part in (sheet.persona.text, *sheet.lever_texts) if part)
    inside = (steering_turn(sheet.steering),) if sheet.steering else ()
    return (*inside, Message("system", text)) if text else inside


def telling(sheet: Sheet, frames: Frames) -> Conversation:
    """Return the conversation in which statements are scored: what was said before, then the request to tell more.

    Without forced answers this is the system message and the frame's question. Each forced answer stands as a turn of
    the assistant after a question, as if the model had said it.
    """
    talk = [*opening(sheet), Message("user", frames.statement_request(sheet.frame))]
    for forced in sheet.forced:
        talk += [Message("assistant", forced.text), Message("user", frames.follow_up(sheet.frame))]
    return tuple(talk)


def bare(sheet: Sheet, frames: Frames) -> Conversation:
    """Return the frame's question alone: no persona, no lever (inside the model neither), nothing said before."""
    return (Message("user", frames.statement_request(sheet.frame)),)


def before(sheet: Sheet, frames: Frames) -> Conversation:
    """Return what was said before a question about one item is put: the system message and forced answers."""
    return telling(sheet, frames)[:-1] if sheet.forced else opening(sheet)


def asking(sheet: Sheet, frames: Frames, question: str) -> Conversation:
    """Return the conversation in which a question about one item is put: what was said before, then the question."""
    return (*before(sheet, frames), Message("user", question))
