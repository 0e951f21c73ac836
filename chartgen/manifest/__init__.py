"""The release manifest: read, layered, checked, and resolved per environment."""
