"""The sub-commands of `onhand`."""
