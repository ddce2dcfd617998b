"""Lifecycles of goods."""
