{{/*
The ServiceAccount of the pods: the service's own, an existing one, or the namespace's default one.
*/}}
{{- define "test-frontend.accountName" -}}
{{- $own := .Values.serviceAccount | default dict -}}
{{ $own.name | default .Values.serviceAccountName | default "default" }}
{{- end }}

{{/*
Whether pods get the account's token.
*/}}
{{- define "test-frontend.automount" -}}
{{- with .Values.serviceAccount -}}
{{ .automount }}
{{- else -}}
{{ not (empty .Values.serviceAccountName) }}
{{- end -}}
{{- end }}
