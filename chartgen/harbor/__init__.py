"""Setting a Harbor project up: connection, declared state, what is missing, and how to get it."""
