//! A webhook or an aggregated API whose pods do not let the API server in.

use std::collections::HashMap;

use super::outsiders::{self, pod_port, pods_behind};
use super::{Check, Confidence, Context, Finding, Related, Rule, Severity, isolation, words};
use crate::bundle::ObjectId;
use crate::model::{Backend, Body, CallerKind, Direction};
use crate::reach::Party;
use crate::resolve::{WorkloadId, ports_meant};
use crate::text::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "blocked-webhook",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    pedantic: false,
    page: include_str!("../../rules/blocked-webhook.md"),
    check: Check::Cluster(check),
};

fn check(cx: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut first: HashMap<_, usize> = HashMap::new();
    for (id, object) in cx.cluster.callers().filter(|(id, _)| cx.cluster.is_reported(*id)) {
        let Body::Caller(caller) = &object.body else { continue };
        if caller.kind != CallerKind::ApiServer {
            continue;
        }
        let own = cx.cluster.namespace_name_of(&object.head);
        for backend in &caller.backends {
            let namespace = backend.namespace.as_deref().unwrap_or(own);
            let called = (namespace, backend.service.as_str(), format!("{:?}", backend.port));
            if let Some(first) = first.get(&called) {
                tell_too(findings, *first, backend.place);
            } else if let Some(found) = of_backend(cx, id, backend) {
                first.insert(called, findings.len());
                findings.push(found);
            }
        }
    }
}

/// A validating and a mutating webhook of the same Service are blocked for the same reason.
fn tell_too(findings: &mut [Finding], first: usize, place: Span) {
    let known = findings[first].related.iter().map(|related| related.span);
    if known.chain([findings[first].place]).all(|span| span != place) {
        let message = "the same is true here".to_owned();
        findings[first].related.push(Related { span: place, message });
    }
}

fn of_backend(cx: &Context<'_>, id: ObjectId, backend: &Backend) -> Option<Finding> {
    let head = cx.cluster.head(id);
    let own = cx.cluster.namespace_name_of(head);
    let namespace = cx.cluster.namespace_named(backend.namespace.as_deref().unwrap_or(own))?;
    let (_, service) = cx.cluster.service_named(namespace, &backend.service)?;
    let pods = pods_behind(cx, namespace, service);
    let first = *pods.first()?;
    let ports = ports_meant(service, &backend.port);
    let port = *ports.first()?;
    let is_closed = |number: &WorkloadId| {
        let workload = cx.cluster.workload(*number).workload;
        pod_port(port, workload).is_some_and(|on_pod| {
            cx.reach.lets(Direction::Ingress, *number, Party::ApiServer, &on_pod).is_no()
        })
    };
    if !pods.iter().all(is_closed) {
        return None;
    }
    let it = cx.cluster.workload(first);
    let on_pod = pod_port(port, it.workload)?;
    let who = words::workload(&it);
    let message = format!(
        "the API server calls {who} for {} {}, but only pods may enter on {on_pod}: the API server is \
         none, so the calls time out",
        head.kind,
        words::quoted(&head.name)
    );
    let help = match isolation::is_by_cilium(cx, Direction::Ingress, first) {
        true => format!(
            "add an `ingress` rule for {on_pod} with `fromEntities: [kube-apiserver]` to a policy of \
             {who}"
        ),
        false => format!(
            "add an `ingress` rule for {on_pod} without `from`, or with the API server's addresses \
             in an `ipBlock`, to a policy of {who}"
        ),
    };
    let mut finding = Finding::new(&RULE, backend.place, message, help).of_object(cx, id, "");
    outsiders::add_mapping(&mut finding, &backend.service, port, &on_pod);
    outsiders::explain(cx, &mut finding, first);
    Some(finding)
}
