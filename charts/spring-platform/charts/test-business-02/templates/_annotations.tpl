{{/*
All annotations of the pods. Each topic has a template of its own; nothing here may change from version to version.
*/}}
{{- define "test-business-02.podAnnotations" -}}
{{ include "test-business-02.metricsAnnotations" . }}
{{ include "test-business-02.configAnnotations" . }}
{{- end }}
