"""A few real steps of a training before it is begun: what all of it will cost, and which learning
rates it bears."""
