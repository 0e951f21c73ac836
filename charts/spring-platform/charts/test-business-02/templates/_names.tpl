{{/*
What selects the pods: never more than this, because Kubernetes does not let a selector change.
*/}}
{{- define "test-business-02.selectorLabels" -}}
{{- include "test-business-02.labelLines" (dict "labels" (.Values.selector | default (dict "app" .Values.name))) }}
{{- end }}

{{/*
Labels of pods: only what stays the same from version to version, so that a new chart version alone restarts nothing.
*/}}
{{- define "test-business-02.podLabels" -}}
{{- $labels := dict "app" .Values.name "app.kubernetes.io/name" .Values.name }}
{{- $_ := set $labels "app.kubernetes.io/component" .Values.component }}
{{- $_ := set $labels "app.kubernetes.io/part-of" .Values.partOf }}
{{- include "test-business-02.labelLines" (dict "labels" $labels "selector" .Values.selector) }}
{{- end }}

{{/*
Labels of objects.
*/}}
{{- define "test-business-02.labels" -}}
{{- $labels := dict "app" .Values.name "app.kubernetes.io/name" .Values.name }}
{{- $_ := set $labels "app.kubernetes.io/component" .Values.component }}
{{- $_ := set $labels "app.kubernetes.io/part-of" .Values.partOf }}
{{- $_ := set $labels "app.kubernetes.io/instance" .Release.Name }}
{{- $_ := set $labels "app.kubernetes.io/managed-by" .Release.Service }}
{{- with .Values.image }}
{{- /* A label is shorter than an image tag may be, and starts and ends with a letter or a digit. */}}
{{- with .tag | trunc 63 | trimAll "-_." }}
{{- $_ := set $labels "app.kubernetes.io/version" . }}
{{- end }}
{{- end }}
{{- include "test-business-02.labelLines" (dict "labels" $labels) }}
{{- end }}

{{/*
Labels as lines, those of an own selector over the others: a key stands once. Takes a dict with labels and selector.
*/}}
{{- define "test-business-02.labelLines" -}}
{{- $labels := .labels }}
{{- range $key, $text := .selector }}
{{- $_ := set $labels $key $text }}
{{- end }}
{{- $lines := list }}
{{- range $key, $text := $labels }}
{{- $lines = append $lines (printf "%s: %s" ($key | quote) ($text | quote)) }}
{{- end }}
{{- join "\n" $lines }}
{{- end }}
