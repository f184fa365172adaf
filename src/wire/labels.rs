//! The labels of the house.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain;

/// A label, as it stands in the list.
#[derive(Serialize, ToSchema)]
pub struct Label {
    pub name: String,
    /// What it means, in a line.
    pub meaning: String,
}

impl From<&domain::Label> for Label {
    fn from(label: &domain::Label) -> Self {
        Self {
            name: label.name.to_string(),
            meaning: label.meaning.as_str().to_owned(),
        }
    }
}
