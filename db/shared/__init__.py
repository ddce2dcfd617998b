"""Transactions in which the tables of several modules meet."""
