"""Tags to digests: what is used (images) -> what the registries have (digests) -> what to write (decide)."""
