{{/* The name of all that belongs to this release. */}}
{{- define "kanaria.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What selects the operator's Pods; it can never change. */}}
{{- define "kanaria.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "kanaria.labels" -}}
{{ include "kanaria.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The operator's image. */}}
{{- define "kanaria.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The image that looks at the data of pipelines. */}}
{{- define "kanaria.dataImage" -}}
{{ .Values.data.image | default (printf "%s-data:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion)) }}
{{- end -}}

{{/* The port of a URL: the one it names, else its scheme's. */}}
{{- define "kanaria.portOf" -}}
{{- $url := urlParse . -}}
{{- $named := regexFind ":[0-9]+$" $url.host -}}
{{- if $named -}}{{ trimPrefix ":" $named }}{{- else if eq $url.scheme "https" -}}443{{- else -}}80{{- end -}}
{{- end -}}

{{/* The operator's account, as a subject of bindings. */}}
{{- define "kanaria.subjects" -}}
- kind: ServiceAccount
  name: {{ include "kanaria.name" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}
