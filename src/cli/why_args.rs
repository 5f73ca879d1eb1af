//! The arguments of `netpol-lint why`.

use super::options::ContextArgs;
use crate::reach::Port;
use crate::why::Question;

/// What `why` is told.
#[derive(Debug, clap::Args)]
pub(super) struct WhyArgs {
    /// Who connects: `shop/api`, `api`, an address, `internet`, `dns`, `apiserver`
    #[arg(value_name = "FROM")]
    pub(super) from: String,

    /// Who is connected to, and on which port: `shop/db:5432`, `dns:53/UDP`
    #[arg(value_name = "TO[:PORT[/PROTOCOL]]", value_parser = Question::target)]
    pub(super) to: (String, Option<Port>),

    #[command(flatten)]
    pub(super) context: ContextArgs,

    /// Only this cluster of bundles, by its name in `netpol-lint bundles`
    #[arg(long, value_name = "NAME")]
    pub(super) bundle: Option<String>,
}
