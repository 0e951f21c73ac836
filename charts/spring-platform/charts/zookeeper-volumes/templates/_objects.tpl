{{/*
One object of the values, with the labels of this release. Texts in it are data and never templates.
*/}}
{{- define "zookeeper-volumes.object" -}}
{{- $fixed := dict "app.kubernetes.io/instance" .root.Release.Name "app.kubernetes.io/managed-by" .root.Release.Service }}
{{- $own := .object.metadata.labels | default dict }}
{{- $labels := merge $fixed $own (include "zookeeper-volumes.labels" .root | fromYaml) }}
{{- $metadata := set (omit .object.metadata "labels") "labels" $labels }}
{{- with .namespace }}
{{- $_ := set $metadata "namespace" . }}
{{- end }}
{{- toYaml (set (omit .object "metadata") "metadata" $metadata) }}
{{- end }}
