{{/*
All annotations of the pods. Each topic has a template of its own; nothing here may change from version to version.
*/}}
{{- define "test-business-01.podAnnotations" -}}
{{ include "test-business-01.metricsAnnotations" . }}
{{ include "test-business-01.configAnnotations" . }}
{{- end }}
