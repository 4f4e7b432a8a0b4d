"""What a careful colleague would say about finished training data: counts, with their places."""
