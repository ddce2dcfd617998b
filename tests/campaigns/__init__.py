"""Long hunts for faults, each with a command of its own; `make campaigns` runs the shorter ones,
which tests are marked as."""
