"""How much stock is enough: demand, safety stock, order sizes, and policies tried on the past."""
