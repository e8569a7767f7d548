//! The workspace, as its `Cargo.toml` files describe it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use toml::{Table, Value};

/// Folders without files of ours.
const SKIPPED: [&str; 1] = ["target"];

/// The workspace: where it is, and its members.
pub(crate) struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// The members in the order of the root `Cargo.toml`.
    pub(crate) members: Vec<Member>,
    /// The external packages that the root `Cargo.toml` declares for all members.
    pub(crate) shared: BTreeSet<String>,
}

/// One crate of the workspace.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    /// The package's name.
    pub(crate) name: String,
    /// Its folder, from the root.
    pub(crate) folder: PathBuf,
    /// The packages that it is built with: `[dependencies]` and `[build-dependencies]`, for any target.
    pub(crate) dependencies: BTreeSet<String>,
    /// The packages that only its tests use.
    pub(crate) dev_dependencies: BTreeSet<String>,
}

impl Workspace {
    /// Reads the workspace in which this program was built.
    pub(crate) fn open() -> Result<Self> {
        let root = std::env::var_os("CARGO_MANIFEST_DIR").context("start it with cargo: cargo xtask")?;
        let root = Path::new(&root).parent().context("xtask has no parent folder")?;
        let manifest = read(&root.join("Cargo.toml"))?;
        let workspace = table(&manifest, "workspace").context("no [workspace]")?;
        let folders = workspace.get("members").and_then(Value::as_array).context("no members")?;
        let folders = folders.iter().filter_map(Value::as_str);
        let shared = table(workspace, "dependencies").cloned().unwrap_or_default();
        let member =
            |folder| Member::read(&read(&root.join(folder).join("Cargo.toml"))?, Path::new(folder), &shared);
        let members = folders.map(member).collect::<Result<_>>()?;
        let of_others = shared.iter().filter(|(_, value)| value.get("path").is_none());
        let shared = of_others.map(|(key, value)| package_of(key, value, &shared)).collect();
        Ok(Self { root: root.to_owned(), members, shared })
    }

    /// Returns the files of the whole workspace whose name ends in `.ending`, as sorted paths from the root.
    pub(crate) fn files(&self, ending: &str) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in
                fs::read_dir(&folder).with_context(|| format!("Failed to list {}", folder.display()))?
            {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                if entry.file_type()?.is_dir() {
                    let ours = !name.starts_with('.') && !SKIPPED.contains(&name.as_str());
                    folders.extend(ours.then(|| entry.path()));
                } else if name.ends_with(&format!(".{ending}")) {
                    found.push(entry.path().strip_prefix(&self.root)?.to_owned());
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

impl Member {
    fn read(manifest: &Table, folder: &Path, shared: &Table) -> Result<Self> {
        let package =
            table(manifest, "package").with_context(|| format!("no [package] in {}", folder.display()))?;
        let name = package.get("name").and_then(Value::as_str).context("a package without a name")?;
        let mut tables = vec![manifest];
        let targets = table(manifest, "target").into_iter().flat_map(Table::values);
        tables.extend(targets.filter_map(Value::as_table));
        let named = |kind: &str| -> BTreeSet<String> {
            let listed = tables.iter().filter_map(|part| table(part, kind)).flatten();
            listed.map(|(key, value)| package_of(key, value, shared)).collect()
        };
        let mut dependencies = named("dependencies");
        dependencies.extend(named("build-dependencies"));
        let dev_dependencies = named("dev-dependencies");
        Ok(Self { name: name.to_owned(), folder: folder.to_owned(), dependencies, dev_dependencies })
    }
}

/// Returns the package behind a dependency's key, which may be renamed here or in the root.
fn package_of(key: &str, value: &Value, shared: &Table) -> String {
    let renamed = |value: &Value| value.get("package").and_then(Value::as_str).map(str::to_owned);
    renamed(value).or_else(|| shared.get(key).and_then(renamed)).unwrap_or_else(|| key.to_owned())
}

fn table<'t>(parent: &'t Table, key: &str) -> Option<&'t Table> {
    parent.get(key).and_then(Value::as_table)
}

fn read(path: &Path) -> Result<Table> {
    let text = fs::read_to_string(path).with_context(|| format!("Failed to read {}", path.display()))?;
    text.parse().with_context(|| format!("{} is not TOML", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_dependencies_of_every_kind_by_their_package() -> Result<()> {
        let manifest = r#"
            package.name = "workers"
            dependencies = { store.workspace = true, sql = { package = "sqlx", version = "1" }, ours.workspace = true }
            build-dependencies.sources.path = "../sources"
            dev-dependencies.replay.workspace = true
            target.'cfg(unix)'.dependencies.rustix = "1"
        "#;
        let shared = "ours = { package = 'fetch', path = '../fetch' }".parse()?;
        let member = Member::read(&manifest.parse()?, Path::new("workers"), &shared)?;
        let words = |set: BTreeSet<String>| set.into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(words(member.dependencies), "fetch rustix sources sqlx store");
        assert_eq!(words(member.dev_dependencies), "replay");
        Ok(())
    }

    #[test]
    fn this_workspace_is_read() -> Result<()> {
        let workspace = Workspace::open()?;
        assert!(workspace.members.iter().any(|member| member.name == "xtask"));
        let files = workspace.files("rs")?;
        assert!(files.iter().any(|file| file.ends_with("xtask/src/workspace.rs")));
        assert!(files.iter().all(|file| !file.starts_with("target")));
        Ok(())
    }
}
