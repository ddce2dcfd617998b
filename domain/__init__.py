"""What is right: pure functions and frozen dataclasses, standard library (and numpy) only."""
