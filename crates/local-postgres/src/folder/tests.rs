use super::*;

#[test]
fn a_folder_that_others_may_write_into_is_refused() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("mine");
    DirBuilder::new().mode(0o711).create(&folder).unwrap();
    assert!(refuse_foreign(&folder).is_ok());
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(refuse_foreign(&folder), Err(PrivateError::Foreign { .. })));
    let link = parent.path().join("link");
    std::os::unix::fs::symlink(parent.path(), &link).unwrap();
    assert!(matches!(refuse_foreign(&link), Err(PrivateError::Foreign { .. })));
}

#[test]
fn a_long_name_gets_a_socket_folder_nobody_can_guess() {
    let long = Path::new("/tmp").join("x".repeat(SOCKET_FOLDER_MAX));
    let (one, two) = (Socket::make(&long, None).unwrap(), Socket::make(&long, None).unwrap());
    assert_ne!(one.folder(), two.folder());
    assert_eq!(fs::metadata(one.folder()).unwrap().mode() & 0o777, PRIVATE);
}
