{{- define "soc2-pac.labels" -}}
app.kubernetes.io/name: soc2-pac
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
{{- define "soc2-pac.podMetadata" -}}
labels:
  app.kubernetes.io/name: soc2-pac
  app.kubernetes.io/instance: {{ .Release.Name }}
  {{- with .Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- define "soc2-pac.pod" -}}
serviceAccountName: {{ .Values.serviceAccount.name }}
# Workload identity mounts a token of its own; nothing here asks the API server.
automountServiceAccountToken: false
restartPolicy: Never
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
volumes:
  - name: config
    configMap:
      name: {{ .Release.Name }}-config
  - name: tmp
    emptyDir: {}
  - name: data
    {{- if .Values.persistence.enabled }}
    persistentVolumeClaim:
      {{- if .Values.persistence.existingClaim }}
      claimName: {{ .Values.persistence.existingClaim }}
      {{- else }}
      claimName: {{ .Release.Name }}-data
      {{- end }}
    {{- else }}
    emptyDir: {}
    {{- end }}
  {{- with .Values.secretVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- define "soc2-pac.container" -}}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- if .Values.image.digest }}
image: "{{ .Values.image.repository }}@{{ .Values.image.digest }}"
{{- else if .Values.image.tag }}
image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
{{- else }}
image: "{{ .Values.image.repository }}:{{ .Chart.AppVersion }}"
{{- end }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  capabilities:
    drop: ["ALL"]
  seccompProfile:
    type: RuntimeDefault
resources:
  {{- toYaml .Values.resources | nindent 2 }}
{{- with .Values.envSecrets }}
envFrom:
  {{- range . }}
  - secretRef:
      name: {{ . }}
  {{- end }}
{{- end }}
volumeMounts:
  - name: config
    mountPath: /config
    readOnly: true
  - name: data
    mountPath: /data
  - name: tmp
    mountPath: /tmp
  {{- with .Values.secretMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
