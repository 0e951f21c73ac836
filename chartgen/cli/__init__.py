"""The chartgen command line."""
