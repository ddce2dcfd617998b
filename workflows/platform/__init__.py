"""Workflows of the platform itself."""
