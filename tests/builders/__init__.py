"""Things tests are built from."""
