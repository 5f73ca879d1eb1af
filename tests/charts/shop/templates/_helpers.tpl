{{- define "shop.labels" -}}
app: {{ .Chart.Name }}-web
release: {{ .Release.Name }}
{{- end }}
