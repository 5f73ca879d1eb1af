//! What may run beside a site: everything in the repository except its alternatives, other clusters
//! and directories of tests. It is computed for one object or bundle at a time, so that nothing is
//! copied for each site.

use std::sync::Arc;

use super::alternatives::AlternativesOf;
use super::grouping::Grouped;
use super::item::Site;
use super::object_id::ObjectId;

/// The neighbours of one site.
#[derive(Clone, Debug)]
pub struct Neighbours {
    grouped: Arc<Grouped>,
    site: usize,
    alternatives: AlternativesOf,
}

impl Neighbours {
    /// The neighbours of the site with that number.
    pub fn of(grouped: &Arc<Grouped>, site: usize) -> Self {
        let alternatives = grouped.alternatives.to(&grouped.sites[site], &grouped.bundles);
        Self { grouped: Arc::clone(grouped), site, alternatives }
    }

    fn site(&self) -> &Site {
        &self.grouped.sites[self.site]
    }

    /// Whether that object is one of the site's own.
    pub fn is_own(&self, object: ObjectId) -> bool {
        self.site().members.binary_search(&object).is_ok()
    }

    /// Whether that bundle is one of the site's own.
    pub fn is_own_bundle(&self, number: usize) -> bool {
        self.site().bundles.binary_search(&number).is_ok()
    }

    /// Whether that bundle may run beside the site.
    pub fn has_bundle(&self, number: usize) -> bool {
        self.may_run_beside(number)
            && !self.grouped.alternatives.is_alternative(
                number,
                &self.grouped.bundles,
                &self.alternatives,
            )
    }

    /// Whether that object may exist beside the site: not its own objects, nor those of an
    /// alternative.
    pub fn has(&self, object: ObjectId) -> bool {
        let bundles = self.grouped.bundles_of(object);
        if self.grouped.alternatives.contains_object(object, &self.alternatives) {
            return false;
        }
        let mut is_there = false;
        for &number in bundles {
            let number = number as usize;
            let is_alternative = || {
                self.grouped.alternatives.is_alternative(
                    number,
                    &self.grouped.bundles,
                    &self.alternatives,
                )
            };
            if self.is_own_bundle(number) || is_alternative() {
                return false;
            }
            is_there |= self.may_run_beside(number);
        }
        is_there
    }

    /// Whether that object is of an alternative to the site, such as another overlay of its base.
    pub fn is_alternative(&self, object: ObjectId) -> bool {
        let (all, bundles) = (&self.grouped.alternatives, &self.grouped.bundles);
        let held = self.grouped.bundles_of(object).iter().map(|&number| number as usize);
        let mut held = held.filter(|&number| self.may_run_beside(number));
        !self.is_own(object)
            && (all.contains_object(object, &self.alternatives)
                || held.any(|number| all.is_alternative(number, bundles, &self.alternatives)))
    }

    fn may_run_beside(&self, number: usize) -> bool {
        let (site, bundle) = (self.site(), &self.grouped.bundles[number]);
        // A configuration with clusters may have forgotten a directory: what is in none of them may
        // still run beside the site.
        let apart = site.cluster.is_some_and(|cluster| {
            !bundle.clusters.is_empty() && !bundle.clusters.contains(&cluster)
        });
        let tried = bundle.trial.is_some() && bundle.trial != site.trial;
        !bundle.alone && !apart && !tried && !self.is_own_bundle(number)
    }
}
