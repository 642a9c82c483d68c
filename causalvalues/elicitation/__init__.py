"""Asking language models: questionnaire x persona x lever x repeat -> answers."""
