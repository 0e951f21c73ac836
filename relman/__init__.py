"""Bring namespaces to a version of a platform with helm, all or nothing, with a history that tells who, what and why."""
