{{- define "ragterm.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "ragterm.labels" -}}
{{ include "ragterm.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "ragterm.selector" -}}
app.kubernetes.io/name: ragterm
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "ragterm.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "ragterm.secretName" -}}
{{ .Values.secret.existing | default (include "ragterm.name" .) }}
{{- end }}

{{/* THE health check of a daemon: the same as in the Dockerfile. */}}
{{- define "ragterm.health" -}}
exec:
  command: [ragterm, health]
timeoutSeconds: 10
{{- end }}

{{/* A daemon that waits for its servers is alive: it is not started anew. */}}
{{- define "ragterm.alive" -}}
exec:
  command: [ragterm, health, --alive]
timeoutSeconds: 10
{{- end }}

{{- define "ragterm.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "ragterm.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* What a Secret of ragterm may be needed for; every key in it becomes a file. */}}
{{- define "ragterm.secretVolume" -}}
- name: secrets
  secret:
    secretName: {{ include "ragterm.secretName" . }}
    defaultMode: 0440
    optional: true
{{- end }}

{{/* The variables of every daemon. */}}
{{- define "ragterm.serverEnv" -}}
{{- $files := "/run/secrets/ragterm" -}}
{{- $name := include "ragterm.name" . -}}
{{- if eq .Values.catalog.backend "postgres" }}
- name: RAGTERM_CATALOG__URL_FILE
  value: {{ $files }}/catalog-url
{{- end }}
- name: RAGTERM_STORE__BACKEND
  value: {{ .Values.store.backend }}
{{- if ne .Values.store.backend "embedded" }}
- name: RAGTERM_STORE__URL
  value: {{ .Values.store.url | default (printf "http://%s-qdrant:6334" $name) | quote }}
{{- end }}
{{- if .Values.qdrant.enabled }}
- name: RAGTERM_STORE__API_KEY_FILE
  value: {{ $files }}/qdrant-api-key
{{- else if .Values.store.apiKey }}
- name: RAGTERM_STORE__API_KEY_FILE
  value: {{ $files }}/store-api-key
{{- end }}
{{- range $section, $values := dict "embedder" .Values.embedder "llm" .Values.llm }}
- name: RAGTERM_{{ upper $section }}__PROVIDER
  value: {{ $values.provider }}
{{- if $values.model }}
- name: RAGTERM_{{ upper $section }}__MODEL
  value: {{ $values.model | quote }}
{{- end }}
{{- if $values.url }}
- name: RAGTERM_{{ upper $section }}__URL
  value: {{ $values.url | quote }}
{{- else if eq $values.provider "ollama" }}
- name: RAGTERM_{{ upper $section }}__URL
  value: http://{{ $name }}-ollama:11434
{{- end }}
{{- if $values.apiKey }}
- name: RAGTERM_{{ upper $section }}__API_KEY_FILE
  value: {{ $files }}/{{ $section }}-api-key
{{- end }}
{{- end }}
{{- if .Values.tls.secretName }}
- name: RAGTERM_DAEMON__LISTEN
  value: 0.0.0.0:7450
- name: RAGTERM_DAEMON__TLS_CERT
  value: /run/tls/tls.crt
- name: RAGTERM_DAEMON__TLS_KEY
  value: /run/tls/tls.key
{{- end }}
{{- if .Values.metrics.enabled }}
- name: RAGTERM_DAEMON__HTTP
  value: 0.0.0.0:7451
{{- end }}
{{- range $key, $value := .Values.env }}
- name: {{ $key }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* The container of a daemon but for its volumes: a dict of root, role, resources, and backup for one. */}}
{{- define "ragterm.server" -}}
{{- $root := .root -}}
name: ragterm
image: {{ include "ragterm.image" $root }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
args: [daemon]
env:
  - name: RAGTERM_DAEMON__ROLE
    value: {{ .role }}
  {{- with .backup }}
  {{- if .enabled }}
  - name: RAGTERM_BACKUP__DIRECTORY
    value: /var/backups/ragterm
  - name: RAGTERM_BACKUP__EVERY
    value: {{ .every | quote }}
  - name: RAGTERM_BACKUP__KEEP
    value: {{ .keep | quote }}
  {{- end }}
  {{- end }}
  {{- include "ragterm.serverEnv" $root | trim | nindent 2 }}
{{- if or $root.Values.tls.secretName $root.Values.metrics.enabled }}
ports:
  {{- if $root.Values.tls.secretName }}
  - name: grpc
    containerPort: 7450
  {{- end }}
  {{- if $root.Values.metrics.enabled }}
  - name: http
    containerPort: 7451
  {{- end }}
{{- end }}
startupProbe:
  {{- include "ragterm.health" $root | nindent 2 }}
  periodSeconds: 5
  failureThreshold: 120
readinessProbe:
  {{- include "ragterm.health" $root | nindent 2 }}
  periodSeconds: 10
livenessProbe:
  {{- include "ragterm.alive" $root | nindent 2 }}
  periodSeconds: 30
  failureThreshold: 5
securityContext:
  {{- include "ragterm.containerSecurity" $root | nindent 2 }}
resources:
  {{- toYaml .resources | nindent 2 }}
{{- end }}

{{- define "ragterm.serverMounts" -}}
- name: data
  mountPath: /var/lib/ragterm
- name: socket
  mountPath: /run/ragterm
- name: tmp
  mountPath: /tmp
- name: config
  mountPath: /etc/ragterm
  readOnly: true
- name: secrets
  mountPath: /run/secrets/ragterm
  readOnly: true
{{- if .Values.tls.secretName }}
- name: tls
  mountPath: /run/tls
  readOnly: true
{{- end }}
{{- end }}

{{- define "ragterm.serverVolumes" -}}
- name: socket
  emptyDir:
    medium: Memory
    sizeLimit: 1Mi
- name: tmp
  emptyDir:
    sizeLimit: 1Gi
- name: config
  configMap:
    name: {{ include "ragterm.name" . }}
{{ include "ragterm.secretVolume" . }}
{{- if .Values.tls.secretName }}
- name: tls
  secret:
    secretName: {{ .Values.tls.secretName }}
    defaultMode: 0440
{{- end }}
{{- end }}

{{/* What the daemon that indexes has, and the Job that puts a backup back for it. */}}
{{- define "ragterm.indexMounts" -}}
{{ include "ragterm.serverMounts" . }}
{{- if .Values.index.documents.existingClaim }}
- name: documents
  mountPath: /documents
  readOnly: true
{{- end }}
{{- if .Values.backup.enabled }}
- name: backups
  mountPath: /var/backups/ragterm
{{- end }}
{{- with .Values.index.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "ragterm.indexVolumes" -}}
{{ include "ragterm.serverVolumes" . }}
{{- with .Values.index.documents.existingClaim }}
- name: documents
  persistentVolumeClaim:
    claimName: {{ . }}
    readOnly: true
{{- end }}
{{- if .Values.backup.enabled }}
- name: backups
  persistentVolumeClaim:
    claimName: {{ .Values.backup.existingClaim | default (printf "%s-backups" (include "ragterm.name" .)) }}
{{- end }}
{{- with .Values.index.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "ragterm.indexSecurity" -}}
{{ include "ragterm.podSecurity" . }}
{{- with .Values.index.supplementalGroups }}
supplementalGroups:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The Job of a file's name, which may have characters in it that a Job's must not. */}}
{{- define "ragterm.restoreName" -}}
{{ include "ragterm.name" . }}-restore-{{ .Values.restore.file | sha256sum | trunc 8 }}
{{- end }}
