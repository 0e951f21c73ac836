"""Edits of TOML files that people wrote: what is new is put where it belongs, all else keeps its bytes."""
