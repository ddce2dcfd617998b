"""Lists out of files: staged, compared with what is there, and applied row by row, each once."""
