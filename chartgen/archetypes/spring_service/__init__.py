"""spring-service: a stateless service in a Deployment."""
