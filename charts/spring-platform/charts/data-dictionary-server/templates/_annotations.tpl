{{/*
All annotations of the pods. Each topic has a template of its own; nothing here may change from version to version.
*/}}
{{- define "data-dictionary-server.podAnnotations" -}}
{{ include "data-dictionary-server.metricsAnnotations" . }}
{{ include "data-dictionary-server.configAnnotations" . }}
{{- end }}
