//! What findings in charts may rest on: values that each rendering writes anew, and dependencies that
//! are not in the repository.

use crate::false_alarms::{fires, is_quiet, shown};

/// A chart whose policy selects by these labels.
fn chart(labels: &str, more: &str) -> String {
    format!(
        "# file: web/Chart.yaml\napiVersion: v2\nname: web\nversion: 1.2.3\nappVersion: 4.5.6\n{more}# \
         file: web/templates/web.yaml\napiVersion: networking.k8s.io/v1\nkind: \
         NetworkPolicy\nmetadata:\n  name: web\nspec:\n  podSelector:\n    matchLabels:\n      app: \
         web\n      {labels}\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels:\n    \
         app: web\n    {labels}\nspec: {{containers: [{{name: m, image: m}}]}}\n"
    )
}

mod a_version_in_a_selector {
    use super::*;

    #[test]
    fn changes_with_the_pods_if_a_template_computes_it() {
        is_quiet(&chart("helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}", ""));
        is_quiet(&chart("app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}", ""));
    }

    #[test]
    fn stays_if_somebody_wrote_it() {
        let volatile = "volatile-label-selector web/templates/web.yaml:9";
        fires(&chart("helm.sh/chart: web-1.2.3", ""), volatile);
        fires(&chart("app.kubernetes.io/version: \"4.5.6\"", ""), volatile);
    }
}

mod a_template_of_a_dependency {
    use super::*;

    const USES: &str =
        "{{ if .Values.cache.enabled }}x: {{ include \"cache.name\" . }}{{ else }}x: z{{ end }}";

    fn repository(dependencies: &str, tested: &str) -> String {
        let more = format!(
            "{dependencies}# file: web/values.yaml\ncache: {{enabled: false}}\n# file: \
             web/ci/some-values.yaml\n{tested}"
        );
        chart(USES, &more)
    }

    const CACHE: &str = "dependencies: [{name: cache, version: 1.0.0, repository: \
                         'https://charts.example.com', condition: cache.enabled}]\n";

    #[test]
    fn is_where_the_dependency_is() {
        is_quiet(&repository(CACHE, "cache: {enabled: true}\n"));
        is_quiet(&repository(CACHE, "cache: {enabled: false}\n"));
    }

    #[test]
    fn is_nowhere_without_one() {
        let found = shown(&repository("", "cache: {enabled: true}\n"));
        assert_eq!(found, ["render-error web/templates/web.yaml:9"]);
    }
}
