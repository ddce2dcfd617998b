"""Which locations send what: a pure decision that can be explained and replayed."""
