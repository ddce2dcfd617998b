"""Long hunts for faults, each with a command of its own; `make test` does not run them."""
