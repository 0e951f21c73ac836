{{/*
An image, with its digest when that is pinned.
*/}}
{{- define "on.image" -}}
{{ .registry }}/{{ .repository }}:{{ .tag }}{{ with .digest }}@{{ . }}{{ end }}
{{- end }}

{{/*
Refuses more replicas than the service can bear.
*/}}
{{- define "on.replicas" -}}
{{- with .Values.maxReplicas }}
{{- if gt (int64 $.Values.replicaCount) (int64 .) }}
{{- fail (printf "%s: replicaCount %d is more than maxReplicas %d; this service must not run more often" $.Values.name (int64 $.Values.replicaCount) (int64 .)) }}
{{- end }}
{{- end }}
{{- int64 .Values.replicaCount }}
{{- end }}

{{/*
How long a stopping pod may take: serve on, stop, and a margin.
*/}}
{{- define "on.gracePeriod" -}}
{{ add .Values.drainSeconds .Values.gracefulSeconds 5 }}
{{- end }}

{{/*
The pod spec.
*/}}
{{- define "on.podSpec" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- /* Always written: removing the field later would leave its deprecated twin, and so the old account. */}}
serviceAccountName: {{ .Values.serviceAccountName | default "default" | quote }}
automountServiceAccountToken: {{ not (empty .Values.serviceAccountName) }}
enableServiceLinks: {{ .Values.enableServiceLinks }}
terminationGracePeriodSeconds: {{ include "on.gracePeriod" . }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- range $label, $text := . }}
  {{ $label | quote }}: {{ $text | quote }}
  {{- end }}
{{- end }}
{{- if eq .Values.spread "required" }}
affinity:
  podAntiAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels:
            {{- include "on.selectorLabels" . | nindent 12 }}
{{- else if eq .Values.spread "preferred" }}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "on.selectorLabels" . | nindent 14 }}
{{- end }}
{{- with .Values.initContainers }}
initContainers:
  {{- range $name, $init := . }}
  - name: {{ $name | quote }}
    image: {{ include "on.image" $init.image | quote }}
    imagePullPolicy: {{ $init.image.pullPolicy }}
    {{- with $init.command }}
    command:
      {{- range . }}
      - {{ . | quote }}
      {{- end }}
    {{- end }}
    {{- with $init.args }}
    args:
      {{- range . }}
      - {{ . | quote }}
      {{- end }}
    {{- end }}
    {{- with include "on.env" (dict "root" $ "env" $init.env "order" $init.envOrder) }}
    env:
      {{- . | trim | nindent 6 }}
    {{- end }}
    {{- with $.Values.resources }}
    resources:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    securityContext:
      {{- toYaml $.Values.securityContext | nindent 6 }}
    {{- with $init.mounts }}
    volumeMounts:
      {{- range $volume, $path := . }}
      - name: {{ $volume | quote }}
        mountPath: {{ $path | quote }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end }}
containers:
  - name: {{ .Values.containerName | quote }}
    image: {{ include "on.image" .Values.image | quote }}
    imagePullPolicy: {{ .Values.image.pullPolicy }}
    {{- with .Values.command }}
    command:
      {{- range . }}
      - {{ . | quote }}
      {{- end }}
    {{- end }}
    {{- with .Values.args }}
    args:
      {{- range . }}
      - {{ . | quote }}
      {{- end }}
    {{- end }}
    {{- with .Values.ports }}
    ports:
      {{- range $name, $port := . }}
      - name: {{ $name | quote }}
        containerPort: {{ int64 $port.containerPort }}
        protocol: {{ $port.protocol }}
      {{- end }}
    {{- end }}
    {{- with include "on.env" (dict "root" . "env" .Values.env "order" .Values.envOrder) }}
    env:
      {{- . | trim | nindent 6 }}
    {{- end }}
    {{- with .Values.envFrom }}
    envFrom:
      {{- range $name, $source := . }}
      - {{- toYaml $source | nindent 8 }}
      {{- end }}
    {{- end }}
    {{- with .Values.startupProbe }}
    startupProbe:
      {{- toYaml . | nindent 6 }}
      failureThreshold: {{ div (add $.Values.startupBudgetSeconds .periodSeconds -1) .periodSeconds }}
    {{- end }}
    {{- with .Values.livenessProbe }}
    livenessProbe:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- with .Values.readinessProbe }}
    readinessProbe:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- if gt (int64 .Values.drainSeconds) 0 }}
    lifecycle:
      preStop:
        sleep:
          seconds: {{ int64 .Values.drainSeconds }}
    {{- end }}
    {{- with .Values.resources }}
    resources:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    securityContext:
      {{- toYaml .Values.securityContext | nindent 6 }}
    {{- if or .Values.volumes .Values.claims }}
    volumeMounts:
      {{- range $name, $claim := .Values.claims }}
      - name: {{ $name | quote }}
        mountPath: {{ $claim.mountPath | quote }}
        {{- with $claim.subPath }}
        subPath: {{ . | quote }}
        {{- end }}
      {{- end }}
      {{- range $name, $volume := .Values.volumes }}
      - name: {{ $name | quote }}
        mountPath: {{ $volume.mountPath | quote }}
        {{- with $volume.subPath }}
        subPath: {{ . | quote }}
        {{- end }}
        {{- if $volume.readOnly }}
        readOnly: true
        {{- end }}
      {{- end }}
    {{- end }}
{{- with .Values.volumes }}
volumes:
  {{- range $name, $volume := . }}
  - name: {{ $name | quote }}
    {{- toYaml $volume.source | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}
