{{/*
All annotations of the pods. Each topic has a template of its own; nothing here may change from version to version.
*/}}
{{- define "full.podAnnotations" -}}
{{ include "full.metricsAnnotations" . }}
{{ include "full.configAnnotations" . }}
{{- end }}
