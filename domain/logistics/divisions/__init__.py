"""China's administrative divisions: the table, and addresses put in its terms."""
