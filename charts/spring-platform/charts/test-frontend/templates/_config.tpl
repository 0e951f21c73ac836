{{/*
An annotation of pods that changes with the configuration files, and only with them: pods restart for new files.
Written out by hand, because what toJson gives may differ between versions of Helm.
*/}}
{{- define "test-frontend.configAnnotations" -}}
{{- with .Values.config }}
{{- $all := "" }}
{{- range $name, $config := . }}
{{- range $file, $text := $config.files }}
{{- $all = printf "%s%s/%s %d %s\n" $all $name $file (len $text) $text }}
{{- end }}
{{- range $file, $data := $config.binaryFiles }}
{{- $all = printf "%s%s/%s %d base64 %s\n" $all $name $file (len $data) $data }}
{{- end }}
{{- end }}
checksum/config: {{ sha256sum $all | quote }}
{{- end }}
{{- end }}

{{/*
Where the configuration files appear in the service's container.
*/}}
{{- define "test-frontend.configMounts" -}}
{{- range $name, $config := .Values.config }}
{{- if $config.mountPath }}
- name: {{ $name | quote }}
  mountPath: {{ $config.mountPath | quote }}
  {{- with $config.file }}
  subPath: {{ . | quote }}
  {{- end }}
  readOnly: true
{{- end }}
{{- end }}
{{- end }}

{{/*
Their volumes.
*/}}
{{- define "test-frontend.configVolumes" -}}
{{- range $name, $config := .Values.config }}
- name: {{ $name | quote }}
  configMap:
    name: {{ $config.name | quote }}
    {{- if $config.executable }}
    {{- /* 0755, which YAML's versions read differently. */}}
    defaultMode: 493
    {{- end }}
{{- end }}
{{- end }}
