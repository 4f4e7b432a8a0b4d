"""Questions and answers that the form of a text gives, without a language model."""
