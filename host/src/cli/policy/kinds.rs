//! `roadstead policy kinds`

use clap::Args;
use serde_json::json;

use super::{Exit, Output};
use crate::{
    cli::{answer, answer_json},
    kind::Row,
};

#[derive(Debug, Args)]
pub(in crate::cli) struct Kinds {
    /// The output format
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

impl Kinds {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        match self.output {
            Output::Json => {
                let row = |row: &Row| {
                    json!({
                        "kind": row.kind.name(),
                        "about": row.about,
                        "mediaTypes": row.media_types,
                        "beside": row.beside,
                    })
                };
                let rows: Vec<_> = Row::all().map(row).collect();
                answer_json(&serde_json::to_string_pretty(&rows)?)?;
            }
            Output::Table => {
                let told: Vec<_> = Row::all().map(told).collect();
                answer(&told.join("\n"))?;
            }
        }
        Ok(Exit::Well)
    }
}

fn told(row: &Row) -> String {
    let mut lines = vec![format!("{:<20} {}", row.kind.name(), row.about)];
    lines.extend(row.media_types.iter().map(|text| format!("    {text}")));
    lines.extend(row.beside.iter().map(|text| format!("    beside: {text}")));
    lines.join("\n")
}
