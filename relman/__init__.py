"""Bring namespaces to a version of a platform with helm, all or nothing, and remember who, what and why."""
