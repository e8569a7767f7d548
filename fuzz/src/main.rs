//! Writes the seeds of a target into a folder, one file each, where libFuzzer looks for them: `cargo run -p fuzz -- dates corpus/dates`.

use std::{io, path::Path};

fn main() -> Result<(), io::Error> {
    let mut words = std::env::args().skip(1);
    let (Some(name), Some(folder), None) = (words.next(), words.next(), words.next()) else {
        return Err(io::Error::other("say which target and which folder: `fuzz dates corpus/dates`"));
    };
    let names: Vec<&str> = fuzz::TARGETS.iter().map(|target| target.name).collect();
    let target = fuzz::target(&name).ok_or_else(|| {
        io::Error::other(format!("there is no target {name}; use one of {}", names.join(", ")))
    })?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    for (number, seed) in target.seeds().iter().enumerate() {
        std::fs::write(folder.join(format!("{number:04}")), seed)?;
    }
    Ok(())
}
