"""Charts of third parties: found, fetched once, kept beside the release manifest, and made charts of the platform."""
