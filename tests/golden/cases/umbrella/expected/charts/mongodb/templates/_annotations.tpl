{{/*
All annotations of the pods. Each topic has a template of its own; nothing here may change from version to version.
*/}}
{{- define "mongodb.podAnnotations" -}}
{{ include "mongodb.metricsAnnotations" . }}
{{ include "mongodb.configAnnotations" . }}
{{- end }}
