{{/*
All annotations of the pods. Each topic has a template of its own; nothing here may change from version to version.
*/}}
{{- define "store.podAnnotations" -}}
{{ include "store.metricsAnnotations" . }}
{{ include "store.configAnnotations" . }}
{{- end }}
