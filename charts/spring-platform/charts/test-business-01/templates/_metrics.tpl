{{/*
Annotations of pods by which a Prometheus finds their metrics; nothing where a monitor does it.
*/}}
{{- define "test-business-01.metricsAnnotations" -}}
{{- with .Values.metrics }}
{{- if eq .discovery "annotations" -}}
prometheus.io/scrape: "true"
prometheus.io/path: {{ .path | quote }}
prometheus.io/port: {{ int64 .containerPort | toString | quote }}
prometheus.io/scheme: {{ .scheme | quote }}
{{- end }}
{{- end }}
{{- end }}
