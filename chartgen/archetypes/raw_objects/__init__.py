"""raw-objects: plain YAML as a chart of the platform."""
