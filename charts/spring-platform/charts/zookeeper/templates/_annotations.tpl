{{/*
All annotations of the pods. Each topic has a template of its own; nothing here may change from version to version.
*/}}
{{- define "zookeeper.podAnnotations" -}}
{{ include "zookeeper.metricsAnnotations" . }}
{{ include "zookeeper.configAnnotations" . }}
{{- end }}
