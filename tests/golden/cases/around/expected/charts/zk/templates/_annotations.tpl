{{/*
All annotations of the pods. Each topic has a template of its own; nothing here may change from version to version.
*/}}
{{- define "zk.podAnnotations" -}}
{{ include "zk.metricsAnnotations" . }}
{{ include "zk.configAnnotations" . }}
{{- end }}
