{{/*
All annotations of the pods. Each topic has a template of its own; nothing here may change from version to version.
*/}}
{{- define "[[ prefix ]].podAnnotations" -}}
{{ include "[[ prefix ]].metricsAnnotations" . }}
{{ include "[[ prefix ]].configAnnotations" . }}
{{- end }}
