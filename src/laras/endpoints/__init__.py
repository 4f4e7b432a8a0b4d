"""Language models behind an endpoint: one call, many at once, and the replies that are kept."""
