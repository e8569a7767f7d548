//! The private server, with real PostgreSQL: who may enter, and who owns the folder.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it skips"
)]

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        net::UnixListener,
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Output},
};

use local_postgres::{Cluster, Durability, PrivateError, create_database, has_database};
use tempfile::TempDir;

/// A user that is neither root nor the server's own (the servers of Debian run as `postgres`).
const STRANGER: u32 = 54_321;

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("oim-private-").tempdir().unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

/// `psql` of the machine, if any.
fn psql() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let programs = versions.map(|entry| entry.path().join("bin/psql"));
    programs.chain([PathBuf::from("/usr/bin/psql")]).find(|program| program.is_file())
}

/// Connects to the server as another user of the machine.
fn connect_as_stranger(psql: &Path, socket: &Path) -> Output {
    let mut command = Command::new(psql);
    command.args(["-X", "-U", "postgres", "-d", "postgres", "-c", "SELECT 1", "-h"]).arg(socket);
    command.uid(STRANGER).gid(STRANGER).current_dir("/").output().unwrap()
}

#[tokio::test]
async fn folder_and_socket_are_closed_and_another_user_is_refused() {
    let folder = folder();
    // The folder above is open, so that only what the server does itself keeps others out.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let data = folder.path().join("postgres");
    let cluster = Cluster::start(&data, Durability::Throwaway).await.unwrap();
    let socket = data.join(".s.PGSQL.5432");
    assert_eq!((mode(&data), mode(&socket)), (0o700, 0o700));
    assert!(has_database(&cluster.url("postgres"), "postgres").await.unwrap());
    let access = fs::read_to_string(data.join("data/pg_hba.conf")).unwrap();
    assert!(!access.contains("trust"), "{access}");

    let (Some(psql), true) = (psql(), rustix::process::geteuid().is_root()) else {
        println!("skipped: becoming another user takes root and psql");
        return;
    };
    let refused = connect_as_stranger(&psql, &data);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("Permission denied"), "{refused:?}");
    // Even where somebody opens both doors, the server itself asks the kernel who it is.
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o777)).unwrap();
    let refused = connect_as_stranger(&psql, &data);
    assert!(!refused.status.success());
    let why = String::from_utf8_lossy(&refused.stderr).to_lowercase();
    assert!(why.contains("peer") || why.contains("user id"), "{why}");
}

#[tokio::test]
async fn a_cluster_made_to_trust_everybody_is_closed_at_its_next_start() {
    let folder = folder();
    drop(Cluster::start(folder.path(), Durability::Throwaway).await.unwrap());
    let access = folder.path().join("data/pg_hba.conf");
    fs::write(&access, "local all all trust\n").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let cluster = Cluster::start(folder.path(), Durability::Throwaway).await.unwrap();
    assert!(!fs::read_to_string(&access).unwrap().contains("trust"));
    assert_eq!(mode(folder.path()), 0o700);
    assert!(has_database(&cluster.url("postgres"), "postgres").await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_start_at_once_on_a_fresh_folder_one_is_refused_and_the_other_works() {
    let folder = folder();
    let start = || {
        let folder = folder.path().to_owned();
        tokio::spawn(async move { Cluster::start(&folder, Durability::Throwaway).await })
    };
    let (one, two) = (start(), start());
    let (winner, refused) = match (one.await.unwrap(), two.await.unwrap()) {
        (Ok(winner), Err(refused)) | (Err(refused), Ok(winner)) => (winner, refused),
        both => panic!("{both:?}"),
    };
    let PrivateError::InUse { pid, .. } = &refused else { panic!("{refused:?}") };
    assert_eq!(*pid, std::process::id().to_string());
    assert!(refused.to_string().contains("is in use by process"), "{refused}");
    create_database(&winner.url("postgres"), "mine").await.unwrap();
    assert!(has_database(&winner.url("postgres"), "mine").await.unwrap());
}

#[tokio::test]
async fn whoever_joins_leaves_the_server_running() {
    let folder = folder();
    let owner = Cluster::start(folder.path(), Durability::Throwaway).await.unwrap();
    let guest = Cluster::join(folder.path()).await.unwrap();
    assert!(has_database(&guest.url("postgres"), "postgres").await.unwrap());
    drop(guest);
    assert!(has_database(&owner.url("postgres"), "postgres").await.unwrap());
    // The owner may leave first, as a worker does that another one replaces: the last one stops the server.
    let guest = Cluster::join(folder.path()).await.unwrap();
    drop(owner);
    assert!(has_database(&guest.url("postgres"), "postgres").await.unwrap());
    let url = guest.url("postgres");
    drop(guest);
    assert!(has_database(&url, "postgres").await.is_err());
    // Nobody owns it any more: who joins next starts it and owns it.
    let next = Cluster::join(folder.path()).await.unwrap();
    assert!(has_database(&next.url("postgres"), "postgres").await.unwrap());
}

/// A process that is not PostgreSQL, of the user that the server runs as.
fn stranger(data: &Path) -> Child {
    let server = fs::metadata(data).unwrap();
    let mut command = Command::new("sleep");
    command.arg("600").current_dir("/");
    if server.uid() != fs::metadata("/proc/self").unwrap().uid() {
        command.uid(server.uid()).gid(server.gid());
    }
    command.spawn().unwrap()
}

/// The files of a server that was killed, as after a reboot: its number is another process's now.
fn leave_behind(data: &Path, socket: &Path, pid: u32) {
    let left = format!("{pid}\n{}\n0\n5432\n{}\n", data.display(), socket.display());
    fs::write(data.join("postmaster.pid"), &left).unwrap();
    fs::write(socket.join(".s.PGSQL.5432.lock"), &left).unwrap();
}

#[tokio::test]
async fn a_pid_file_left_behind_costs_neither_a_stranger_its_process_nor_us_a_start() {
    let folder = folder();
    let owner = Cluster::start(folder.path(), Durability::Throwaway).await.unwrap();
    let home = owner.folder().to_owned();
    let data = home.join("data");
    drop(owner);
    let mut stranger = stranger(&data);
    leave_behind(&data, &home, stranger.id());
    let server = Cluster::join(folder.path()).await.expect("the file is seen to be stale");
    assert!(has_database(&server.url("postgres"), "postgres").await.unwrap());
    drop(server);
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger was signalled");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[tokio::test]
async fn a_stranger_that_listens_at_the_socket_is_not_taken_for_the_server() {
    let folder = folder();
    let owner = Cluster::start(folder.path(), Durability::Throwaway).await.unwrap();
    let home = owner.folder().to_owned();
    let data = home.join("data");
    drop(owner);
    // This process listens, never answers, and is not the one that the file names.
    let socket = UnixListener::bind(home.join(".s.PGSQL.5432")).unwrap();
    let mut stranger = stranger(&data);
    leave_behind(&data, &home, stranger.id());
    let server = Cluster::start(folder.path(), Durability::Throwaway).await.expect("it starts");
    assert!(has_database(&server.url("postgres"), "postgres").await.unwrap());
    drop((server, socket));
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger was signalled");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}
