{{/*
All annotations of the pods. Each topic has a template of its own; nothing here may change from version to version.
*/}}
{{- define "gateway-next.podAnnotations" -}}
{{ include "gateway-next.metricsAnnotations" . }}
{{ include "gateway-next.configAnnotations" . }}
{{- end }}
