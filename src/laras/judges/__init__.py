"""A language model that compares the answers of two contenders: evidence beside the metrics."""
