//! Promises about documents that stand inside files.

use super::*;

pub(super) async fn documents_inside_a_file_are_no_entries_and_known_by_it(ground: &Ground) {
    let catalog = ground.open().await;
    let [file, page, other] = [1, 2, 3].map(DocumentId);
    let container = Read { reading: Reading::Container, ..read(file, "a.zip", &["whole"]) };
    let inside = |id, path, container| {
        Publication::New(Read { container: Some(container), ..read(id, path, &["x"]) })
    };
    let batch = [
        Publication::New(container),
        inside(page, "a.zip/page", file),
        inside(other, "b.zip/page", DocumentId(9)),
    ];
    catalog.publish(&batch).await.unwrap();
    let paths = |known: Vec<Known>| known.into_iter().map(|known| known.path).collect::<Vec<_>>();
    assert_eq!(paths(catalog.known(SOURCE).await.unwrap()), ["a.zip"]);
    assert_eq!(paths(catalog.known_below(SOURCE, "a.zip").await.unwrap()), ["a.zip"]);
    let members = catalog.members(&[file, page]).await.unwrap();
    assert_eq!(members.iter().map(|member| member.id).collect::<Vec<_>>(), [page]);
    assert_eq!(catalog.id_at(SOURCE, "a.zip").await.unwrap(), Some(file));
    let counts = catalog.counts().await.unwrap()[&SOURCE];
    assert_eq!((counts.indexed, counts.entries), (2, 1), "a container is no document");
    assert_eq!(catalog.problems(&[SourceId(1)], 0..9).await.unwrap(), []);
    assert_eq!(catalog.orphans().await.unwrap(), [(other, "b.zip/page".to_owned())]);
    catalog.read_again(&[page]).await.unwrap();
    assert_eq!(catalog.known(SOURCE).await.unwrap()[0].version, 0, "with the file it stands in");
}

pub(super) async fn a_document_is_as_old_as_it_says_and_compared_by_its_file(ground: &Ground) {
    let catalog = ground.open().await;
    let [message, plain] = [1, 2].map(DocumentId);
    let mut dated = read(message, "a.eml", &["x"]);
    dated.reading = dated.reading.stated(Some(99));
    let both = [Publication::New(dated), Publication::New(read(plain, "b.txt", &["x"]))];
    catalog.publish(&both).await.unwrap();
    let age = async |id| catalog.document(id).await.unwrap().unwrap().modified_ns;
    assert_eq!((age(message).await, age(plain).await), (99, 5));
    assert_eq!(
        catalog.hits(&[(message, 0)]).await.unwrap()[0].as_ref().unwrap().document.modified_ns,
        99
    );
    let changes = catalog.changes_after(0, 9).await.unwrap();
    assert!(matches!(&changes[0], Change::Put(document) if document.modified_ns == 99));
    assert!(catalog.known(SOURCE).await.unwrap().iter().all(|known| known.modified_ns == 5));
    let place = Place { modified_ns: 7, ..place("c.eml") };
    catalog.publish(&[Publication::Moved { id: message, place }]).await.unwrap();
    assert_eq!(age(message).await, 99, "its words are the same elsewhere");
    catalog.publish(&[Publication::Changed(read(message, "c.eml", &["y"]))]).await.unwrap();
    assert_eq!(age(message).await, 5, "it no longer says so");
}
