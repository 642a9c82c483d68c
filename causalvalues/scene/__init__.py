"""The scene: a picture as data, its colours, type and measures, and the checks that it is fit to print."""
