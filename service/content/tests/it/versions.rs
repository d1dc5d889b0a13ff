//! Signed versions: what is accepted, and every way of changing one that is not.

use wardwatch_content::{About, Library, SigningKey, TrustedKey, TrustedKeys, Untrusted, Version, VersionFault, pack};
use wardwatch_ident::Timestamp;

const NOW: Timestamp = Timestamp::from_secs(1_795_572_000);

fn key(folder: &tempfile::TempDir, name: &str) -> SigningKey {
    SigningKey::create(&folder.path().join(name)).expect("a key")
}

fn trusted(key: &SigningKey, until: Option<Timestamp>) -> TrustedKeys {
    TrustedKeys::new(vec![TrustedKey::read("provider", &key.public(), until).expect("public")]).expect("few")
}

fn library(files: &[(&str, &str)]) -> Library {
    Library::of(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())))
}

fn about(made: Timestamp) -> About {
    About { name: "2026-11".into(), made, previous: None, retired: vec!["gone".into()] }
}

fn small() -> Library {
    library(&[("detections/a/rule.yml", "title: a\n"), ("sources/x/y/pack.toml", "id = \"x/y\"\n")])
}

#[test]
fn a_version_comes_back_as_it_was_packed() {
    let folder = tempfile::tempdir().expect("folder");
    let key = key(&folder, "key");
    let (id, bytes) = pack(&Library::embedded(), about(NOW), &key).expect("packed");
    let version = Version::read(&bytes, &trusted(&key, None), Some(NOW)).expect("read");
    assert_eq!((version.id.clone(), version.author.as_str()), (id, "provider"));
    assert_eq!(version.manifest.retired, ["gone"]);
    assert_eq!(version.library.rules(), Library::embedded().rules());
    assert_eq!(version.library.pack_ids(), Library::embedded().pack_ids());
    let (again, same) = pack(&Library::embedded(), about(NOW), &key).expect("packed");
    assert!(again == version.id && same == bytes, "the same content, time and key give the same file");
}

#[test]
fn a_part_that_a_version_has_replaces_that_part_of_the_binary_and_no_other() {
    let folder = tempfile::tempdir().expect("folder");
    let key = key(&folder, "key");
    let (_, bytes) = pack(&library(&[("detections/a/rule.yml", "title: a\n")]), about(NOW), &key).expect("packed");
    let version = Version::read(&bytes, &trusted(&key, None), Some(NOW)).expect("read");
    let whole = version.over(Library::embedded());
    assert_eq!(whole.rules(), [("detections/a/rule.yml".to_owned(), "title: a\n".to_owned())]);
    assert_eq!(whole.pack_ids(), Library::embedded().pack_ids());
    assert_eq!(whole.taxonomy(), Library::embedded().taxonomy());
}

/// No byte of the file can be changed, none left out, none added.
#[test]
fn every_changed_byte_is_noticed() {
    let folder = tempfile::tempdir().expect("folder");
    let key = key(&folder, "key");
    let keys = trusted(&key, None);
    let (_, bytes) = pack(&small(), about(NOW), &key).expect("packed");
    assert!(Version::read(&bytes, &keys, Some(NOW)).is_ok());
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        // Hexadecimal digits of the signature may be written in capitals: the same signature.
        let refused = Version::read(&changed, &keys, Some(NOW)).is_err();
        assert!(refused, "byte {at} of {}: {:?}", bytes.len(), char::from(bytes[at]));
        assert!(Version::read(&bytes[..at], &keys, Some(NOW)).is_err(), "cut at {at}");
    }
    assert!(Version::read(&[&bytes[..], b"x"].concat(), &keys, Some(NOW)).is_err());
}

#[test]
fn each_refusal_says_what_is_wrong() {
    let folder = tempfile::tempdir().expect("folder");
    let (one, other) = (key(&folder, "one"), key(&folder, "other"));
    let (_, bytes) = pack(&small(), about(NOW), &one).expect("packed");
    let later = library(&[("detections/a/rule.yml", "title: b\n"), ("sources/x/y/pack.toml", "id = \"x/y\"\n")]);
    let (_, second) = pack(&later, about(NOW), &one).expect("packed");
    // The manifest of one version over the files of another, each rightly signed.
    let body = |bytes: &[u8]| bytes.windows(9).rposition(|w| w.starts_with(b"title: ")).expect("files");
    let swapped = [&bytes[..body(&bytes)], &second[body(&second)..]].concat();
    // Signed rightly, but by somebody else under the name of the trusted key.
    let forged = {
        let (_, theirs) = pack(&small(), about(NOW), &other).expect("packed");
        let text = String::from_utf8(theirs).expect("text");
        text.replacen(&other.id(), &one.id(), 1).into_bytes()
    };
    let before = NOW.plus_micros(-1);
    let expired = Untrusted::Expired { id: one.id(), name: "provider".into(), until: before };
    for (what, bytes, keys, expect) in [
        ("no keys", &bytes, TrustedKeys::default(), VersionFault::Untrusted(Untrusted::Nobody)),
        ("unknown", &bytes, trusted(&other, None), Untrusted::Unknown(one.id()).into()),
        ("expired", &bytes, trusted(&one, Some(before)), expired.into()),
        ("swapped", &swapped, trusted(&one, None), VersionFault::Changed("detections/a/rule.yml".into())),
        ("forged", &forged, trusted(&one, None), Untrusted::Wrong.into()),
        ("not one", &b"PK\x03\x04".to_vec(), trusted(&one, None), VersionFault::NotOne),
        ("format", &b"wardwatch-content 9\n".to_vec(), trusted(&one, None), VersionFault::Format),
        ("no seal", &b"wardwatch-content 1\n".to_vec(), trusted(&one, None), VersionFault::Damaged("its second line")),
        (
            "bomb",
            &b"wardwatch-content 1\n99999999999 a b\n".to_vec(),
            trusted(&one, None),
            VersionFault::TooLarge("its manifest"),
        ),
    ] {
        assert_eq!(Version::read(bytes, &keys, Some(NOW)).err(), Some(expect), "{what}");
    }
    // What was taken while the key was trusted stays usable.
    assert!(Version::read(&bytes, &trusted(&one, Some(before)), None).is_ok());
    let (_, ahead) = pack(&small(), about(NOW.plus_micros(2 * 86_400_000_000)), &one).expect("packed");
    let refused = Version::read(&ahead, &trusted(&one, None), Some(NOW)).err();
    assert!(matches!(refused, Some(VersionFault::Ahead(_))), "{refused:?}");
}

#[test]
fn names_in_a_version_are_plain_paths_below_its_parts() {
    let folder = tempfile::tempdir().expect("folder");
    let key = key(&folder, "key");
    let long = format!("sources/{}", "x".repeat(600));
    for path in [
        "sources/../../etc/passwd",
        "sources//x",
        "sources/./x",
        "sources/a\\b",
        "sources/a\u{0}b",
        "sources/.hidden",
        "sources/c:x",
        &long,
    ] {
        let packed = pack(&library(&[(path, "x")]), about(NOW), &key);
        assert_eq!(packed.err(), Some(VersionFault::Path(path.into())));
    }
    let nothing = pack(&library(&[("elsewhere/x", "x")]), about(NOW), &key);
    assert_eq!(nothing.err(), Some(VersionFault::Damaged("there is no file in it")), "only the parts are taken");
}

#[test]
fn key_files_are_private_and_never_overwritten() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("key");
    let made = SigningKey::create(&path).expect("made");
    assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    assert_eq!(SigningKey::read(&path).expect("read").public(), made.public());
    assert!(SigningKey::create(&path).is_err(), "there already");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("mode");
    let open = SigningKey::read(&path).expect_err("others can read it").to_string();
    assert!(open.contains("chmod 600"), "{open}");
    let empty = folder.path().join("empty");
    std::fs::write(&empty, b"").expect("written");
    std::fs::set_permissions(&empty, std::fs::Permissions::from_mode(0o600)).expect("mode");
    assert!(SigningKey::read(&empty).is_err());
    for public in ["", "ed25519:", "ed25519:00", "rsa:00", &made.public()[..70]] {
        assert!(TrustedKey::read("x", public, None).is_err(), "{public}");
    }
}
