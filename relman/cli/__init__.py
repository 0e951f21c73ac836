"""The relman command line."""
