{{/*
All annotations of the pods. Each topic has a template of its own; nothing here may change from version to version.
*/}}
{{- define "web.podAnnotations" -}}
{{ include "web.metricsAnnotations" . }}
{{ include "web.configAnnotations" . }}
{{- end }}
