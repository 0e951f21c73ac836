{{/*
All annotations of the pods. Each topic has a template of its own; nothing here may change from version to version.
*/}}
{{- define "plain.podAnnotations" -}}
{{ include "plain.metricsAnnotations" . }}
{{ include "plain.configAnnotations" . }}
{{- end }}
