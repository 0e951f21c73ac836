"""What the charts of spring-service and statefulset-infra have in common: values, fields and Go templates."""
