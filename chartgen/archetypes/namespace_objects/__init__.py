"""namespace-objects: what a namespace says for all pods in it; made from `[namespaces]`, not a word of services."""
