{{/*
What selects the pods: never more than this, because Kubernetes does not let a selector change.
*/}}
{{- define "on.selectorLabels" -}}
app: {{ .Values.name | quote }}
{{- end }}

{{/*
Labels of pods: only what stays the same from version to version, so that a new chart version alone restarts nothing.
*/}}
{{- define "on.podLabels" -}}
{{ include "on.selectorLabels" . }}
app.kubernetes.io/name: {{ .Values.name | quote }}
app.kubernetes.io/component: {{ .Values.component | quote }}
app.kubernetes.io/part-of: {{ .Values.partOf | quote }}
{{- end }}

{{/*
Labels of objects.
*/}}
{{- define "on.labels" -}}
{{ include "on.podLabels" . }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
{{- with .Values.image }}
{{- /* A label is shorter than an image tag may be, and starts and ends with a letter or a digit. */}}
{{- with .tag | trunc 63 | trimAll "-_." }}
app.kubernetes.io/version: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
