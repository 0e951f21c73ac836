{{/*
All annotations of the pods. Each topic has a template of its own; nothing here may change from version to version.
*/}}
{{- define "nacos-mysql.podAnnotations" -}}
{{ include "nacos-mysql.metricsAnnotations" . }}
{{ include "nacos-mysql.configAnnotations" . }}
{{- end }}
