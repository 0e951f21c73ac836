{{/*
Init containers and sidecars, one list in Kubernetes: early sidecars, init containers, the other sidecars.
*/}}
{{- define "nacos-mysql.initContainers" -}}
{{- range $name, $sidecar := .Values.sidecars }}
{{- if $sidecar.beforeInitContainers }}
{{- include "nacos-mysql.sidecar" (dict "root" $ "name" $name "container" $sidecar) }}
{{- end }}
{{- end }}
{{- range $name, $init := .Values.initContainers }}
{{- include "nacos-mysql.sideContainer" (dict "root" $ "name" $name "container" $init) }}
{{- $resources := $.Values.resources }}
{{- if hasKey $init "resources" }}
{{- $resources = $init.resources }}
{{- end }}
{{- with $resources }}
  resources:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- end }}
{{- range $name, $sidecar := .Values.sidecars }}
{{- if not $sidecar.beforeInitContainers }}
{{- include "nacos-mysql.sidecar" (dict "root" $ "name" $name "container" $sidecar) }}
{{- end }}
{{- end }}
{{- end }}

{{/*
A sidecar: an init container that goes on running (KEP-753). Takes a dict with root (.), name and container.
*/}}
{{- define "nacos-mysql.sidecar" -}}
{{- include "nacos-mysql.sideContainer" . }}
{{- with .container }}
  restartPolicy: Always
  {{- with .ports }}
  ports:
    {{- range $name, $port := . }}
    - name: {{ $name | quote }}
      containerPort: {{ int64 $port }}
      protocol: TCP
    {{- end }}
  {{- end }}
  {{- $budget := .startupBudgetSeconds }}
  {{- with .startupProbe }}
  startupProbe:
    {{- toYaml . | nindent 4 }}
    failureThreshold: {{ div (add $budget .periodSeconds -1) .periodSeconds }}
  {{- end }}
  {{- with .livenessProbe }}
  livenessProbe:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .readinessProbe }}
  readinessProbe:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{/*
What init containers and sidecars have in common. Takes a dict with root (.), name and container.
*/}}
{{- define "nacos-mysql.sideContainer" -}}
{{- $root := .root }}
{{- with .container }}
- name: {{ $.name | quote }}
  image: {{ include "nacos-mysql.image" .image | quote }}
  imagePullPolicy: {{ .image.pullPolicy }}
  {{- with .command }}
  command:
    {{- range . }}
    - {{ . | quote }}
    {{- end }}
  {{- end }}
  {{- with .args }}
  args:
    {{- range . }}
    - {{ . | quote }}
    {{- end }}
  {{- end }}
  {{- with include "nacos-mysql.env" (dict "root" $root "env" .env "order" .envOrder) }}
  env:
    {{- . | trim | nindent 4 }}
  {{- end }}
  {{- with .envFrom }}
  envFrom:
    {{- range $name, $source := . }}
    - {{- toYaml $source | nindent 6 }}
    {{- end }}
  {{- end }}
  securityContext:
    {{- toYaml $root.Values.securityContext | nindent 4 }}
  {{- with .mounts }}
  volumeMounts:
    {{- range $volume, $path := . }}
    - name: {{ $volume | quote }}
      mountPath: {{ $path | quote }}
      {{- /* Of a volume that each pod has for itself, other containers see the pod's own part as well. */}}
      {{- with dig $volume "subPathExpr" "" $root.Values.volumes }}
      subPathExpr: {{ . | quote }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}
