{{/*
All annotations of the pods. Each topic has a template of its own; nothing here may change from version to version.
*/}}
{{- define "eureka.podAnnotations" -}}
{{ include "eureka.metricsAnnotations" . }}
{{ include "eureka.configAnnotations" . }}
{{- end }}
