//! The arguments of `netpol-lint reach`.

use super::options::ContextArgs;
use super::values::GraphFormat;
use crate::reach::PortSet;

/// Options of `reach`.
#[derive(Debug, clap::Args)]
pub(super) struct ReachArgs {
    #[command(flatten)]
    pub(super) context: ContextArgs,

    /// Only connections from this workload (`shop/api`, `api`), address, or `internet`
    #[arg(long, value_name = "END")]
    pub(super) from: Option<String>,

    /// Only connections to this workload, address, or `internet`
    #[arg(long, value_name = "END")]
    pub(super) to: Option<String>,

    /// Only connections that may use one of these ports: `80`, `TCP 80,8080-8090`, `UDP 53`
    #[arg(long, value_name = "PORTS", value_parser = PortSet::parse)]
    pub(super) port: Option<PortSet>,

    /// Also list who else a rule is for, and what no policy isolates
    #[arg(long)]
    pub(super) exposure: bool,

    /// Only this cluster of bundles, by its name in `netpol-lint bundles`
    #[arg(long, value_name = "NAME")]
    pub(super) bundle: Option<String>,

    /// How connections are written to standard output
    #[arg(
        short = 'f',
        long,
        visible_alias = "format",
        value_enum,
        value_name = "FORMAT",
        default_value_t = GraphFormat::Text,
        help_heading = "Output"
    )]
    pub(super) output_format: GraphFormat,
}
