"""The sub-commands of `onhand`: one module each, its function `command` is what runs."""
