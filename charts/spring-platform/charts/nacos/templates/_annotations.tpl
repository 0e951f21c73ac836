{{/*
All annotations of the pods. Each topic has a template of its own; nothing here may change from version to version.
*/}}
{{- define "nacos.podAnnotations" -}}
{{ include "nacos.metricsAnnotations" . }}
{{ include "nacos.configAnnotations" . }}
{{- end }}
