"""Files of pictures and graphs: one writer a format, and readers for those that hold a graph."""
