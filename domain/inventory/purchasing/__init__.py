"""Buying from suppliers: their terms, purchase orders, and what becomes of these."""
