{{/*
All annotations of the pods. Each topic has a template of its own; nothing here may change from version to version.
*/}}
{{- define "on.podAnnotations" -}}
{{ include "on.metricsAnnotations" . }}
{{ include "on.configAnnotations" . }}
{{- end }}
