"""Files of pictures and graphs: one writer a format, and readers for those that hold a graph."""

from causalvalues.formats.dot import graphviz_source
from causalvalues.formats.graph_file import GraphFile
from causalvalues.formats.keeping import lost_in
from causalvalues.formats.reading import graph_from_text, read_graph
from causalvalues.formats.tikz import tex_text, tikz_text
from causalvalues.formats.writing import WRITABLE

__all__ = [
    "WRITABLE",
    "GraphFile",
    "graph_from_text",
    "graphviz_source",
    "lost_in",
    "read_graph",
    "tex_text",
    "tikz_text",
]
