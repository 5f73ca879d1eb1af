module record

go 1.22

require (
	helm.sh/helm/v3 v3.16.4
	sigs.k8s.io/yaml v1.4.0
)
