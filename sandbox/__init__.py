"""A disposable but real control plane and registry on loopback, for the demo and the tests."""
