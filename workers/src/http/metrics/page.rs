//! Gauges as Prometheus reads them: text format 0.0.4.

use std::fmt::Write as _;

/// A page of gauges.
#[derive(Debug, Default)]
pub(super) struct Page(String);

/// One value with its labels.
#[derive(Debug)]
pub(super) struct Sample {
    labels: Vec<(&'static str, String)>,
    value: f64,
}

impl Sample {
    pub(super) fn new(value: f64) -> Self {
        Self { labels: Vec::new(), value }
    }

    pub(super) fn count(count: i64) -> Self {
        Self::new(number(count))
    }

    /// Adds a label.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.labels.push((name, value.to_owned()));
        self
    }
}

/// Returns a count as Prometheus has it.
#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(super) fn number(count: i64) -> f64 {
    count as f64
}

impl Page {
    /// Adds a gauge with all its samples. One without samples is left out.
    pub(super) fn gauge(&mut self, name: &str, help: &str, samples: impl IntoIterator<Item = Sample>) {
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_none() {
            return;
        }
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} gauge");
        for Sample { labels, value } in samples {
            let labels: Vec<String> =
                labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(self.0, "{name}{labels} {value}");
        }
        self.0.push('\n');
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// Returns the value of a label with what ends it escaped.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_cannot_break_out() {
        let mut page = Page::default();
        page.gauge("oim_x", "Some", [Sample::count(3).with("source", "a\"} 1\nb\\"), Sample::new(0.5)]);
        page.gauge("oim_none", "None", []);
        let text =
            "# HELP oim_x Some\n# TYPE oim_x gauge\noim_x{source=\"a\\\"} 1\\nb\\\\\"} 3\noim_x 0.5\n\n";
        assert_eq!(page.into_text(), text);
    }
}
