"""Returns: what a buyer sends back or complains about, and the money that follows."""
