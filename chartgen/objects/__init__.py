"""Kubernetes objects that people write themselves: read from YAML files, checked, and changed by patches. Pure."""
