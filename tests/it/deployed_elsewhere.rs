//! Pods that what a repository deploys makes, though nothing in it shows them.

use crate::false_alarms::{SHOP, fires, is_quiet, lets_in, pod};

const MISSING: &str = "orphaned-peer-selector web.yaml:7";

/// Lets pods in that are not shown, with another object.
fn beside(object: &str) -> String {
    format!(
        "# file: web.yaml\n{}{}# file: argocd/apps.yaml\n{object}",
        lets_in("front", "web", SHOP),
        pod("web", SHOP)
    )
}

/// An Application or an ApplicationSet; `template` is what is in between.
fn application(kind: &str, template: (&str, &str), source: &str, namespace: &str) -> String {
    let (start, end) = template;
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: {kind}\nmetadata: {{name: x, namespace: \
         argocd}}\nspec: {start}{{source: {{repoURL: 'https://example.com/x', {source}}}, \
         destination: {{name: in, namespace: {namespace}}}}}{end}\n"
    )
}

#[test]
fn applications_deploy_to_anywhere() {
    let path = "path: '{{metadata.annotations.path}}'";
    let set = ("{generators: [{clusters: {}}], template: {spec: ", "}}");
    is_quiet(&beside(&application("ApplicationSet", set, path, "argocd")));
    is_quiet(&beside(&application("Application", ("", ""), "path: bootstrap", "argocd")));
}

#[test]
fn what_goes_to_another_namespace_does_not() {
    fires(&beside(&application("Application", ("", ""), "path: other", "docs")), MISSING);
    // A chart is what it is.
    let chart = application("Application", ("", ""), "chart: image-updater", "argocd");
    fires(&beside(&chart), MISSING);
    fires(&beside(""), MISSING);
}

mod families {
    use super::*;

    fn repository(selected: &str, operator: &str) -> String {
        format!(
            "# file: web.yaml\n{}{}# file: cluster.yaml\n{operator}",
            lets_in("web", selected, SHOP),
            pod("store-tools", SHOP)
        )
    }

    const CLUSTER: &str = "apiVersion: ceph.rook.io/v1\nkind: CephCluster\nmetadata: {name: store, \
                           namespace: shop}\n";

    /// `store-mgr` is no misspelt `store-tools`.
    #[test]
    fn an_operator_names_what_it_makes_alike() {
        is_quiet(&repository("store-mgr", CLUSTER));
        is_quiet(&repository("store-mon", CLUSTER));
    }

    #[test]
    fn a_slip_is_one_all_the_same() {
        fires(&repository("store-tool", CLUSTER), "orphaned-pod-selector web.yaml:5");
    }
}
