{{/*
A Service over the pods. Takes a dict with root (.), name and service.
*/}}
{{- define "test-frontend.service" -}}
{{- $service := .service -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name | quote }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels:
    {{- include "test-frontend.labels" .root | nindent 4 }}
    {{- with .label }}
    {{ . }}: {{ $.root.Values.name | quote }}
    {{- end }}
  {{- with $service.annotations }}
  annotations:
    {{- range $key, $text := . }}
    {{ $key | quote }}: {{ $text | quote }}
    {{- end }}
  {{- end }}
spec:
  {{- if $service.headless }}
  clusterIP: None
  {{- else }}
  type: {{ $service.type }}
  {{- end }}
  {{- if $service.publishNotReadyAddresses }}
  publishNotReadyAddresses: true
  {{- end }}
  {{- with $service.externalTrafficPolicy }}
  externalTrafficPolicy: {{ . }}
  {{- end }}
  {{- with $service.sessionAffinity }}
  sessionAffinity: {{ . }}
  {{- end }}
  {{- with $service.loadBalancerClass }}
  loadBalancerClass: {{ . | quote }}
  {{- end }}
  {{- with $service.loadBalancerSourceRanges }}
  loadBalancerSourceRanges:
    {{- range . }}
    - {{ . | quote }}
    {{- end }}
  {{- end }}
  selector:
    {{- include "test-frontend.selectorLabels" .root | nindent 4 }}
  ports:
    {{- range $name, $port := $service.ports }}
    - name: {{ $name | quote }}
      port: {{ int64 $port.port }}
      targetPort: {{ $port.targetPort | quote }}
      protocol: {{ $port.protocol }}
      {{- with $port.nodePort }}
      nodePort: {{ int64 . }}
      {{- end }}
      {{- with $port.appProtocol }}
      appProtocol: {{ . | quote }}
      {{- end }}
    {{- end }}
{{- end }}
