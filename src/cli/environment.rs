//! The environment of the process, read once; what is not text is not for us.

/// Environment variables.
pub(super) struct Environment(Vec<(String, String)>);

impl Environment {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    pub fn read() -> Self {
        let variables = std::env::vars_os();
        let texts = variables.filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self(texts.collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn variables(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().cloned()
    }
}
