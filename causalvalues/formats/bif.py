"""BIF, the interchange format of Bayesian networks: the structure is read; nothing is written."""

from __future__ import annotations

from causalvalues.errors import DataError, FigureError
from causalvalues.formats.assembling import FoundEdge, FoundNode, assembled
from causalvalues.formats.graph_file import GraphFile
from causalvalues.scene.nouns import Scene

_NOTE = "Tables of probabilities were left aside: only the structure is read."


def bif_text(scene: Scene) -> str:  # noqa: ARG001 (a writer like the others)
    """Refuse to write a scene as BIF.

    Raises
    ------
    FigureError
        Always: BIF holds tables of probabilities of categories, and has no node with a linear Gaussian equation.
    """
    raise FigureError(
        "BIF holds tables of probabilities of categories and has no linear Gaussian nodes, so a graph of scores cannot "
        "be written as .bif. For bnlearn in R write .bnlearn (the structure); for networks with numbers .graphml."
    )


def bif_graph(text: str) -> GraphFile:
    """Read the structure of a Bayesian network, through pgmpy's reader.

    Parameters
    ----------
    text : str
        BIF 0.15 (Cozman, 1998), as bnlearn, pgmpy and the Bayesian network repository write it.

    Raises
    ------
    DataError
        If it is no BIF, or a network without variables.
    """
    if "network" not in text or "variable" not in text:
        raise DataError("This is no BIF: it has no `network` with a `variable`. Give a file of a Bayesian network.")
    from pgmpy.readwrite import BIFReader

    try:
        reader = BIFReader(string=text + "\n")
        names = list(reader.variable_names)
        parents = {str(name): [str(each) for each in held] for name, held in reader.variable_parents.items()}
    except Exception as error:  # pgmpy raises whatever its parts raise
        raise DataError(
            f"pgmpy cannot read this BIF ({type(error).__name__}: {str(error)[:120]}). Each variable needs "
            "`type discrete [n] { ... };` and each probability block a table that fits it."
        ) from None
    unknown = sorted({name for child, held in parents.items() for name in (child, *held)} - set(names))
    if unknown or not names:
        what = f"names the variable {unknown[0]!r}, which it does not declare" if unknown else "declares no variable"
        raise DataError(f"This BIF {what}. Add a `variable` block for it.")
    return assembled(
        [FoundNode(str(name)) for name in names],
        [FoundEdge(cause, "-->", effect) for effect, held in parents.items() for cause in held],
        "BIF",
        [_NOTE],
    )
