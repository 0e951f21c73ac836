"""statefulset-infra: infrastructure whose replicas have names, and often storage."""
