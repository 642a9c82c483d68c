"""Finding out once what a server can do."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from causalvalues.elicitation.questions import Asked, Capability, Conversation, Message, OptionsQuestion
from causalvalues.elicitation.retries import Asker, Request
from causalvalues.elicitation.server_replies import completion_tokens, dig, top_tokens
from causalvalues.elicitation.server_requests import Dialect, chat, echo, generate, messages
from causalvalues.elicitation.trouble import Trouble
from causalvalues.errors import ProviderError, did_you_mean

PROBE = OptionsQuestion((Message("user", "Is water wet? Answer Yes or No."),), ("Yes", "No"))
OBJECTIONS = (400, 413, 422, 500, 501)
COUNTING = "one, two, three, four, five, six, seven, one, two, three, four,"
UNLIKELY = " purple"
NEAR = 0.1
NEAR_SHARE = 0.05
CONTINUED = 6


@dataclass(frozen=True)
class ServerAbility:
    """What a server can do, and how to ask it.

    Parameters
    ----------
    capabilities : frozenset of {"options", "statements", "text"}
    dialect : Dialect
    """

    capabilities: frozenset[Capability]
    dialect: Dialect


async def probe_server(asker: Asker, model: str) -> ServerAbility:
    """Ask a server a few small questions and see what it can do.

    Text: it answers a chat. Options: the answer holds the log-probabilities of the likeliest next tokens. Statements:
    it says how it writes a conversation as text, and the log-probabilities that it echoes for a text are those that it
    reported when it wrote that text itself (`echo_is_right`).

    Parameters
    ----------
    asker : Asker
    model : str

    Returns
    -------
    ServerAbility

    Raises
    ------
    ProviderError
        If the server cannot be reached, takes no such key, knows no such model, or answers no chat.
    """
    dialect: Dialect | None = Dialect()
    found: dict[str, Any] | Trouble = Trouble("server_error", "not asked")
    while dialect is not None:
        found = await asker.persist(Request("/chat/completions", chat(model, Asked(PROBE), dialect), 30), _is_chat)
        if not isinstance(found, Trouble):
            break
        simpler = dialect.simpler(found.detail) if found.code in OBJECTIONS and found.mending != "fatal" else None
        if simpler is None:
            raise await explained(found, asker, model)
        dialect = simpler
    if isinstance(found, Trouble) or dialect is None:
        raise await explained(Trouble("server_error", "no chat"), asker, model)
    if not dialect.temperature:
        asker.notice("the server takes no temperature; texts are drawn at its own")
    await _say_unlisted(asker, model)
    if dialect.top == 0 or not top_tokens(found):
        return ServerAbility(frozenset({"text"}), replace(dialect, top=0))
    template = ""
    if await echo_is_right(asker, model):
        template = await _template(asker, model)
    capabilities: tuple[Capability, ...] = ("options", "text", "statements") if template else ("options", "text")
    return ServerAbility(frozenset(capabilities), replace(dialect, template=template))


def _is_chat(content: dict[str, Any]) -> dict[str, Any] | Trouble:
    message = dig(content, "choices", 0, "message")
    if isinstance(message, dict) and isinstance(message.get("content"), str | None):
        return content
    return Trouble("malformed", "the answer is no chat completion (no text in choices[0].message)", code=200)


async def explained(trouble: Trouble, asker: Asker, model: str) -> ProviderError:
    """Return the error for trouble that no retry mends, with the remedy.

    Parameters
    ----------
    trouble : Trouble
    asker : Asker
    model : str

    Returns
    -------
    ProviderError
    """
    where = asker.client.address.shown
    model = asker.client.secrets.readable(model)
    if trouble.unreachable:
        return ProviderError(f"No server answers at {where} ({trouble.detail}). Start it, or check the address.")
    if trouble.code == 404:
        known = await models_of(asker)
        hint = did_you_mean(model, known) if known else " Check the address (it usually ends in /v1) and the name."
        return ProviderError(f"{where} does not know the model {model!r} ({trouble.detail}).{hint}")
    if trouble.code in (401, 403, 407):
        remedy = "Set the environment variable that holds the key (key_env) to a key that is valid there."
        return ProviderError(f"{where} refuses the key for {model!r} ({trouble.detail}). {remedy}")
    if trouble.mending == "fatal":
        return ProviderError(f"{where} will not answer for {model!r} ({trouble.detail}). Check the account there.")
    remedy = "Check that the address is that of a server with chat completions, and try again later."
    return ProviderError(f"{where} gives no usable answer ({trouble.status}: {trouble.detail}). {remedy}")


async def models_of(asker: Asker) -> list[str]:
    """Return the names of the models that a server lists, aliases included; none when it lists none."""
    answer = await asker.client.ask("/models")
    entries = dig(answer, "data") if isinstance(answer, dict) else None
    names = []
    for entry in entries[:500] if isinstance(entries, list) else []:
        aliases = dig(entry, "aliases")
        for name in [dig(entry, "id"), *(aliases if isinstance(aliases, list) else [])]:
            if isinstance(name, str) and name:
                names.append(asker.client.secrets.readable(name))
    return list(dict.fromkeys(names))


async def _say_unlisted(asker: Asker, model: str) -> None:
    known = await models_of(asker)
    if known and model not in known:
        shown = ", ".join(known[:5])
        asker.notice(f"the server does not list {model!r} but answers for it; it lists {shown}"[:300])


async def echo_is_right(asker: Asker, model: str) -> bool:
    """Return whether a server reports right log-probabilities for a text that it is given.

    It goes on with a text by itself and reports the log-probability of each token as it writes it. Then it is given
    the whole and echoes the log-probabilities: those of the same tokens must agree within .1 nats and a twentieth. A
    word that does not belong there must come out less likely. Some servers fail: they echo numbers of another token.

    Parameters
    ----------
    asker : Asker
    model : str

    Returns
    -------
    bool
    """
    wrote = await _completion(asker, generate(model, COUNTING, CONTINUED))
    if wrote is None or not all(math.isfinite(value) for _, value in wrote):
        return False
    text = COUNTING + "".join(token for token, _ in wrote)
    echoed = _after(await _completion(asker, echo(model, text)), COUNTING, text)
    strange = _after(await _completion(asker, echo(model, COUNTING + UNLIKELY)), COUNTING, COUNTING + UNLIKELY)
    if echoed is None or strange is None or [token for token, _ in echoed] != [token for token, _ in wrote]:
        return False
    pairs = [(told, again) for (_, told), (_, again) in zip(wrote, echoed, strict=True)]
    same = all(abs(told - again) <= NEAR + NEAR_SHARE * abs(told) for told, again in pairs)
    return same and sum(value for _, value in strange) < pairs[0][0] - 1.0


async def _completion(asker: Asker, body: dict[str, Any]) -> list[tuple[str, float]] | None:
    answer = await asker.client.ask("/completions", body)
    return None if isinstance(answer, Trouble) else completion_tokens(answer)


def _after(echoed: list[tuple[str, float]] | None, prompt: str, text: str) -> list[tuple[str, float]] | None:
    """Return the echoed tokens between the end of a prompt and the end of the text, when they are that text."""
    start, found = 0, []
    for token, value in echoed or []:
        if len(prompt) <= start < len(text):
            found.append((token, value))
        start += len(token)
    whole = "".join(token for token, _ in found) == text[len(prompt) :]
    return found if whole and all(math.isfinite(value) for _, value in found) else None


async def _template(asker: Asker, model: str) -> str:
    for template in ("apply-template", "tokenize"):
        rendered = await rendered_prompt(asker, model, PROBE.conversation, template)
        if not isinstance(rendered, Trouble) and PROBE.conversation[0].text in rendered:
            return template
    return ""


async def rendered_prompt(asker: Asker, model: str, conversation: Conversation, template: str) -> str | Trouble:
    """Return a conversation as the text that the model reads, up to where the assistant begins.

    Parameters
    ----------
    asker : Asker
    model : str
    conversation : tuple of Message
    template : str
        As in `Dialect`.

    Returns
    -------
    str or Trouble
    """
    tokens = sum(len(message.text) for message in conversation) // 3
    body: dict[str, Any] = {"model": model, "messages": messages(conversation), "add_generation_prompt": True}
    if template == "tokenize":
        found = await asker.persist(Request("//tokenize", body, tokens), _tokens)
        if isinstance(found, Trouble):
            return found
        body = {"model": model, "tokens": found}
    path = "//detokenize" if template == "tokenize" else "//apply-template"
    return await asker.persist(Request(path, body, tokens), _prompt)


def _tokens(content: dict[str, Any]) -> list[int] | Trouble:
    tokens = dig(content, "tokens")
    if isinstance(tokens, list) and tokens and all(type(token) is int for token in tokens):
        return tokens
    return Trouble("malformed", "no tokens", code=200)


def _prompt(content: dict[str, Any]) -> str | Trouble:
    prompt = dig(content, "prompt")
    return prompt if isinstance(prompt, str) and prompt else Trouble("malformed", "no prompt", code=200)
