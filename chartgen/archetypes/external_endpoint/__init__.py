"""external-endpoint: something outside the cluster under a Service name inside it."""
