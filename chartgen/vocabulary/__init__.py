"""The words of the release manifest: pydantic types that say what a service may state, one topic per module.

Strict everywhere: unknown keys, numbers where a text belongs and texts where a number belongs are errors. What Helm
would replace as a list is a map by name here, so that layers merge by key.
"""
