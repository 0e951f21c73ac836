{{/*
An image, with its digest when that is pinned.
*/}}
{{- define "nacos-mysql.image" -}}
{{ .registry }}/{{ .repository }}:{{ .tag }}{{ with .digest }}@{{ . }}{{ end }}
{{- end }}

{{/*
Refuses more replicas than the service can bear.
*/}}
{{- define "nacos-mysql.replicas" -}}
{{- with .Values.maxReplicas }}
{{- if gt (int64 $.Values.replicaCount) (int64 .) }}
{{- fail (printf "%s: replicaCount %d is more than maxReplicas %d; this service must not run more often" $.Values.name (int64 $.Values.replicaCount) (int64 .)) }}
{{- end }}
{{- end }}
{{- int64 .Values.replicaCount }}
{{- end }}

{{/*
The fewest pods that run.
*/}}
{{- define "nacos-mysql.leastReplicas" -}}
{{- int64 (dig "minReplicas" .Values.replicaCount (.Values.autoscaling | default dict)) }}
{{- end }}

{{/*
How long a pod may take to start: its sidecars one after the other, then the service.
*/}}
{{- define "nacos-mysql.startSeconds" -}}
{{- $seconds := int64 .Values.startupBudgetSeconds }}
{{- range $sidecar := .Values.sidecars }}
{{- $seconds = add $seconds ($sidecar.startupBudgetSeconds | default 0) }}
{{- end }}
{{- $seconds }}
{{- end }}

{{/*
How long a stopping pod may take: serve on, stop, and a margin.
*/}}
{{- define "nacos-mysql.gracePeriod" -}}
{{ add .Values.drainSeconds .Values.gracefulSeconds 5 }}
{{- end }}

{{/*
The pod spec.
*/}}
{{- define "nacos-mysql.podSpec" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- /* Always written: removing the field later would leave its deprecated twin, and so the old account. */}}
serviceAccountName: {{ include "nacos-mysql.accountName" . | quote }}
automountServiceAccountToken: {{ include "nacos-mysql.automount" . }}
enableServiceLinks: {{ .Values.enableServiceLinks }}
terminationGracePeriodSeconds: {{ include "nacos-mysql.gracePeriod" . }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with include "nacos-mysql.placement" . | trim }}
{{ . }}
{{- end }}
{{- with include "nacos-mysql.initContainers" . | trim }}
initContainers:
  {{- . | nindent 2 }}
{{- end }}
containers:
  - name: {{ .Values.containerName | quote }}
    image: {{ include "nacos-mysql.image" .Values.image | quote }}
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
    {{- with include "nacos-mysql.env" (dict "root" . "env" .Values.env "order" .Values.envOrder) }}
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
    {{- if .Values.deregister }}
    lifecycle:
      preStop:
        exec:
          {{- /* In the background: a registry that does not answer must not use up the time to drain. */}}
          command:
            - sh
            - -c
            - '"$@" & exec sleep "$0"'
            - {{ int64 .Values.drainSeconds | toString | quote }}
            {{- range .Values.deregister }}
            - {{ . | quote }}
            {{- end }}
    {{- else if gt (int64 .Values.drainSeconds) 0 }}
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
    {{- $configMounts := include "nacos-mysql.configMounts" . | trim }}
    {{- if or .Values.volumes .Values.claims $configMounts }}
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
        {{- with $volume.subPathExpr }}
        subPathExpr: {{ . | quote }}
        {{- end }}
        {{- if $volume.readOnly }}
        readOnly: true
        {{- end }}
      {{- end }}
      {{- with $configMounts }}
      {{- . | nindent 6 }}
      {{- end }}
    {{- end }}
{{- if or .Values.volumes .Values.config }}
volumes:
  {{- range $name, $volume := .Values.volumes }}
  - name: {{ $name | quote }}
    {{- toYaml $volume.source | nindent 4 }}
  {{- end }}
  {{- with include "nacos-mysql.configVolumes" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}
