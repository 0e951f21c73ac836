{{/*
All annotations of the pods. Each topic has a template of its own; nothing here may change from version to version.
*/}}
{{- define "test-frontend.podAnnotations" -}}
{{ include "test-frontend.metricsAnnotations" . }}
{{ include "test-frontend.configAnnotations" . }}
{{- end }}
