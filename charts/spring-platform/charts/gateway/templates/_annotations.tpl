{{/*
All annotations of the pods. Each topic has a template of its own; nothing here may change from version to version.
*/}}
{{- define "gateway.podAnnotations" -}}
{{ include "gateway.metricsAnnotations" . }}
{{ include "gateway.configAnnotations" . }}
{{- end }}
