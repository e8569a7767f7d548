{{- define "oim-etl.labels" -}}
app.kubernetes.io/name: oim-etl
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* The labels of the pods of a component: (list . "worker") */}}
{{- define "oim-etl.selector" -}}
app.kubernetes.io/name: oim-etl
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "oim-etl.name" -}}
{{- if contains "oim-etl" .Release.Name }}{{ .Release.Name | trunc 50 }}{{ else }}{{ printf "%s-oim-etl" .Release.Name | trunc 50 }}{{ end }}
{{- end }}

{{- define "oim-etl.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* Nothing of a container is privileged, and nothing of its root can be written. */}}
{{- define "oim-etl.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
capabilities: { drop: [ALL] }
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{/* Folders that can be written, and what else the container sees. */}}
{{- define "oim-etl.mounts" -}}
- { name: data, mountPath: /var/lib/oim-etl }
- { name: tmp, mountPath: /tmp }
{{- if .Values.postgresCa }}
- { name: postgres-ca, mountPath: /etc/postgres-ca, readOnly: true }
{{- end }}
{{- if .Values.sourceFiles }}
- { name: sources, mountPath: /etc/oim-etl/sources, readOnly: true }
{{- end }}
{{- end }}

{{- define "oim-etl.volumes" -}}
- { name: data, emptyDir: { sizeLimit: 2Gi } }
- { name: tmp, emptyDir: { sizeLimit: 512Mi } }
{{- if .Values.postgresCa }}
- { name: postgres-ca, configMap: { name: {{ .Values.postgresCa }} } }
{{- end }}
{{- if .Values.sourceFiles }}
- { name: sources, configMap: { name: {{ include "oim-etl.name" . }}-sources } }
{{- end }}
{{- end }}

{{/* Objects that the migration needs come first: as hooks of Helm, and in waves of Argo CD. (list WEIGHT) */}}
{{- define "oim-etl.hook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ index . 0 | quote }}
helm.sh/hook-delete-policy: before-hook-creation
argocd.argoproj.io/hook: Sync
argocd.argoproj.io/hook-delete-policy: BeforeHookCreation
argocd.argoproj.io/sync-wave: {{ index . 0 | quote }}
{{- end }}

{{/* An ExternalSecret: (list . NAME KEY) */}}
{{- define "oim-etl.externalSecret" -}}
{{- $ := index . 0 -}}
refreshInterval: {{ $.Values.externalSecrets.refreshInterval }}
secretStoreRef: {{ toJson $.Values.externalSecrets.store }}
target: { name: {{ index . 1 }}, creationPolicy: Owner }
dataFrom:
  - extract: { key: {{ $.Values.externalSecrets.prefix }}/{{ index . 2 }} }
{{- end }}
