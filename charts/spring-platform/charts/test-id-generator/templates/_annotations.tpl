{{/*
All annotations of the pods. Each topic has a template of its own; nothing here may change from version to version.
*/}}
{{- define "test-id-generator.podAnnotations" -}}
{{ include "test-id-generator.metricsAnnotations" . }}
{{ include "test-id-generator.configAnnotations" . }}
{{- end }}
