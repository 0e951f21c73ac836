"""What differs between two states of a platform, service by service, as Kubernetes will see it.

against (what was named) -> commit | published | folder -> Side, twice -> compare (helm renders) -> records
"""
