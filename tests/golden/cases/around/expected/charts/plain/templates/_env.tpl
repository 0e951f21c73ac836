{{/*
The entries of a container's `env`. Takes a dict with root (.), env (map) and order (list of names, or nothing).
Kubernetes expands $(NAME) only for what stands before: references first, then the texts in `order`, then the others.
*/}}
{{- define "plain.env" -}}
{{- $root := .root -}}
{{- $env := .env -}}
{{- $order := .order | default list -}}
{{- range $name, $value := $env }}
{{- if kindIs "map" $value }}
{{- if not (or (hasKey $value "ownPeers") (hasKey $value "ownReplicas")) }}
- name: {{ $name | quote }}
  valueFrom:
    {{- toYaml $value | nindent 4 }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name := $order }}
{{- if hasKey $env $name }}
- name: {{ $name | quote }}
  value: {{ include "plain.text" (dict "root" $root "value" (index $env $name)) | quote }}
{{- end }}
{{- end }}
{{- range $name, $value := $env }}
{{- if not (has $name $order) }}
{{- if or (kindIs "string" $value) (hasKey $value "ownPeers") (hasKey $value "ownReplicas") }}
- name: {{ $name | quote }}
  value: {{ include "plain.text" (dict "root" $root "value" $value) | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/*
The text of a variable: itself, the number of replicas, or their addresses.
*/}}
{{- define "plain.text" -}}
{{- if kindIs "string" .value -}}
{{ .value }}
{{- else if hasKey .value "ownReplicas" -}}
{{ int64 .root.Values.replicaCount }}
{{- else -}}
{{ include "plain.peers" (dict "root" .root "peers" .value.ownPeers) }}
{{- end -}}
{{- end }}

{{/*
The addresses of all replicas, by the names that the headless Service gives them.
*/}}
{{- define "plain.peers" -}}
{{- $values := .root.Values -}}
{{- $domain := $values.headless.name -}}
{{- if ne .peers.host "name" -}}
{{- $domain = printf "%s.%s" $domain .root.Release.Namespace -}}
{{- end -}}
{{- if eq .peers.host "fqdn" -}}
{{- $domain = printf "%s.svc.%s" $domain $values.clusterDomain -}}
{{- end -}}
{{- $peers := .peers -}}
{{- $all := list -}}
{{- range $replica := until (int $values.replicaCount) -}}
{{- $index := add $replica (int64 $values.ordinalsStart) -}}
{{- $host := printf "%s-%d.%s" $values.name $index $domain -}}
{{- $port := int64 $peers.port | toString -}}
{{- $all = append $all ($peers.format | replace "{host}" $host | replace "{port}" $port | replace "{index}" (toString $index)) -}}
{{- end -}}
{{ join $peers.join $all }}
{{- end }}
