{{/*
Where pods may run. What is preferred or required of replicas is derived from the labels that select them.
*/}}
{{- define "nacos-mysql.placement" -}}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- range $label, $text := . }}
  {{ $label | quote }}: {{ $text | quote }}
  {{- end }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- range $toleration := . }}
  - operator: {{ $toleration.operator }}
    {{- with $toleration.key }}
    key: {{ . | quote }}
    {{- end }}
    {{- if hasKey $toleration "value" }}
    value: {{ $toleration.value | quote }}
    {{- end }}
    {{- with $toleration.effect }}
    effect: {{ . }}
    {{- end }}
    {{- if hasKey $toleration "tolerationSeconds" }}
    tolerationSeconds: {{ int64 $toleration.tolerationSeconds }}
    {{- end }}
  {{- end }}
{{- end }}
{{- with .Values.spreadZones }}
topologySpreadConstraints:
  - topologyKey: topology.kubernetes.io/zone
    maxSkew: 1
    whenUnsatisfiable: {{ ternary "DoNotSchedule" "ScheduleAnyway" (eq . "required") }}
    labelSelector:
      matchLabels:
        {{- include "nacos-mysql.selectorLabels" $ | nindent 8 }}
    {{- if not (hasKey $.Values "podManagementPolicy") }}
    {{- /* Old pods must not count: a rollout would leave the new ones lopsided. */}}
    matchLabelKeys:
      - pod-template-hash
    {{- end }}
{{- end }}
{{- if eq .Values.spread "required" }}
affinity:
  podAntiAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels:
            {{- include "nacos-mysql.selectorLabels" . | nindent 12 }}
{{- else if eq .Values.spread "preferred" }}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "nacos-mysql.selectorLabels" . | nindent 14 }}
{{- end }}
{{- end }}
