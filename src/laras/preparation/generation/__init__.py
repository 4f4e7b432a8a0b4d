"""Questions and answers about documents, written by a language model behind an endpoint."""
