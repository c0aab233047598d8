//! What only a catalog on a server promises.

use super::ground::Ground;
use super::*;

/// A database of its own on a server; `None` where no server is named.
macro_rules! on_server {
    ($ground:ident, $test:ident, $body:block) => {
        #[tokio::test]
        async fn $test() {
            let Some($ground) = Ground::postgres(stringify!($test)).await else { return };
            $body
            $ground.clear().await;
        }
    };
}

on_server!(ground, only_one_daemon_writes, {
    let first = ground.open().await;
    let error = Catalog::open_postgres(&ground.url(), Access::Write).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.to_string().contains("another daemon"), "{error}");
    first.close().await;
    ground.open().await.close().await;
});

on_server!(ground, a_follower_hears_of_each_commit_and_writes_nothing, {
    let error = Catalog::open_postgres(&ground.url(), Access::Follow).await.unwrap_err();
    assert!(error.to_string().contains("cannot be opened"), "{error}");
    let writer = ground.open().await;
    let follower = Catalog::open_postgres(&ground.url(), Access::Follow).await.unwrap();
    assert_eq!(follower.identity(), writer.identity());
    let stop = tokio_util::sync::CancellationToken::new();
    let mut heard = follower.subscribe();
    let url = ground.url();
    let listening = tokio::spawn({
        let (follower, stop) = (follower.clone(), stop.clone());
        async move { follower.listen(&url, &stop).await }
    });
    let new = [Publication::New(read(DocumentId(1), "가/a", &["x"]))];
    writer.publish(&new).await.unwrap();
    let deadline = std::time::Duration::from_secs(60);
    tokio::time::timeout(deadline, heard.wait_for(|seq| *seq == 1)).await.unwrap().unwrap();
    assert_eq!(follower.known_below(SOURCE, "가").await.unwrap().len(), 1);
    let error = follower.publish(&new).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    stop.cancel();
    listening.await.unwrap();
    follower.close().await;
    writer.close().await;
});

on_server!(ground, a_catalog_moves_with_everything_in_it, {
    let here = Ground::sqlite();
    let source = here.open().await;
    let model = source.use_model(&identity()).await.unwrap();
    let texts: Vec<String> = (0..100).map(|number| format!("본문 {number}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let new: Vec<_> = (1..=300)
        .map(|id| Publication::New(read(DocumentId(id), &format!("경로/{id}"), &texts)))
        .collect();
    source.publish(&new).await.unwrap();
    source.publish(&[Publication::Gone(DocumentId(7))]).await.unwrap();
    source.store_vectors(model, &[([9; 16], vec![0.5, -1.0])], &[]).await.unwrap();
    let copied = source.copy_to_postgres(ground.url()).await.unwrap();
    assert_eq!((copied.documents, copied.vectors), (299, 1));
    let again = source.copy_to_postgres(ground.url()).await.unwrap_err();
    assert!(again.to_string().contains("299 documents"), "{again}");
    let target = ground.open().await;
    assert_eq!((target.seq(), target.identity()), (source.seq(), source.identity()));
    assert_eq!(target.active_model(), Some(model));
    assert_eq!(target.known(SOURCE).await.unwrap(), source.known(SOURCE).await.unwrap());
    assert_eq!(target.vectors(model, &[[9; 16]]).await.unwrap(), [Some(vec![0.5, -1.0])]);
    assert_eq!(target.passages(DocumentId(8)).await.unwrap().chunks, chunks(&texts));
    target.close().await;
});

on_server!(ground, the_state_before_a_migration_is_kept_in_a_schema, {
    use sqlx::{AnyConnection, Connection, Executor};
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(&ground.url()).await.unwrap();
    migrations::KNOWN.run_to(6, &mut connection).await.unwrap();
    connection.execute("INSERT INTO settings VALUES ('identity', 'i1')").await.unwrap();
    let before = structure_of(&mut connection).await;
    for old in ["CREATE SCHEMA ragterm_before_0002", "CREATE SCHEMA ragterm_before_0003"] {
        connection.execute(old).await.unwrap();
    }
    let catalog = ground.open().await;
    assert_eq!(catalog.identity(), "i1");
    catalog.close().await;
    let schemas: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name LIKE 'ragterm_before%'",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(schemas, 2);
    // Of nobody's making that is ours: neither counted nor dropped.
    for other in ["CREATE SCHEMA ragterm_before_lunch", "CREATE SCHEMA ragterm_before_"] {
        connection.execute(other).await.unwrap();
    }
    let catalog = ground.open().await;
    let (number, bytes) = catalog.aside().await.unwrap();
    assert!(number == 2 && bytes > 100_000, "{number} states of {bytes} bytes");
    catalog.close().await;
    let later = "INSERT INTO _sqlx_migrations VALUES (99, 'later', now(), TRUE, 'x', 1)";
    connection.execute(later).await.unwrap();
    let error = Catalog::open_postgres(&ground.url(), Access::Write).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.to_string().contains("a newer ragterm has written the catalog"), "{error}");
    assert!(error.next_step().unwrap().contains("run the newer ragterm again"));
    // The way back, as the README has it.
    let readme = include_str!("../../../README.md");
    for step in [
        "ALTER SCHEMA public RENAME TO ragterm_newer;",
        "ALTER SCHEMA ragterm_before_0007 RENAME TO public;",
    ] {
        assert!(readme.contains(&step.replace("0007", "0009")), "{step}");
        connection.execute(step).await.unwrap();
    }
    assert_eq!(structure_of(&mut connection).await, before);
    assert_eq!(migrations_of(&mut connection).await, 6);
    // From there the way forward is open again.
    let catalog = ground.open().await;
    assert_ne!(catalog.identity(), "i1", "no index of what came later is taken for its own");
    catalog.forget_aside().await.unwrap();
    assert_eq!(catalog.aside().await.unwrap(), (0, 0));
    let others = "SELECT COUNT(*) FROM pg_namespace WHERE nspname LIKE 'ragterm\\_before\\_%'";
    let others: i64 = sqlx::query_scalar(others).fetch_one(&mut connection).await.unwrap();
    assert_eq!(others, 2);
    assert_ne!(structure_of(&mut connection).await, before, "what is in use stays");
    catalog.close().await;
    connection.close().await.unwrap();
});

/// All columns, keys and indexes of a database's tables.
async fn structure_of(connection: &mut sqlx::AnyConnection) -> Vec<String> {
    let sql = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL \
         SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) \
         FROM pg_constraint WHERE connamespace = 'public'::regnamespace UNION ALL \
         SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, collation_name, \
         column_default) FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1";
    let found: Vec<String> = sqlx::query_scalar(sql).fetch_all(connection).await.unwrap();
    assert!(found.len() > 40, "{found:?}");
    found
}

/// The numbers of a database's migrations.
async fn migrations_of(connection: &mut sqlx::AnyConnection) -> i64 {
    let sql = "SELECT COUNT(*) FROM _sqlx_migrations";
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}

/// How many of these tables are in a database, whatever the schema.
async fn tables_of(connection: &mut sqlx::AnyConnection, name: &str) -> i64 {
    let sql = "SELECT COUNT(*) FROM information_schema.tables WHERE table_name = $1";
    sqlx::query_scalar(sql).bind(name).fetch_one(connection).await.unwrap()
}

on_server!(ground, a_restore_that_is_refused_migrates_nothing, {
    use sqlx::{AnyConnection, Connection, Executor};
    let (directory, commit) = (tempfile::tempdir().unwrap(), Commit::default());
    let file = directory.path().join("catalog.db");
    Catalog::open_sqlite(&file).await.unwrap().close().await;
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(&ground.url()).await.unwrap();
    migrations::KNOWN.run_to(6, &mut connection).await.unwrap();
    let before = migrations_of(&mut connection).await;
    let refused =
        Catalog::restore_to_postgres(&file, &ground.url(), (Occupied::Refused, &commit)).await;
    assert!(refused.unwrap_err().to_string().contains("holds a catalog already"));
    assert!(!commit.has_begun());
    assert_eq!(migrations_of(&mut connection).await, before);
    assert_eq!(tables_of(&mut connection, "settings").await, 1, "nothing was put aside");
    connection.execute("CREATE TABLE of_others (id BIGINT)").await.unwrap();
    let replaced =
        Catalog::restore_to_postgres(&file, &ground.url(), (Occupied::Replaced, &commit)).await;
    replaced.unwrap();
    assert!(commit.has_begun());
    assert_eq!(migrations_of(&mut connection).await, migrations::last_known());
    assert_eq!(tables_of(&mut connection, "of_others").await, 1);
    connection.close().await.unwrap();
    ground.open().await.close().await;
});

on_server!(ground, a_catalog_of_a_newer_version_is_replaced_with_all_its_tables, {
    use sqlx::{AnyConnection, Connection, Executor};
    let (directory, commit) = (tempfile::tempdir().unwrap(), Commit::default());
    let file = directory.path().join("catalog.db");
    Catalog::open_sqlite(&file).await.unwrap().close().await;
    let (dump, catalog) = (directory.path().join("dump"), ground.open().await);
    let dumped = catalog.dump(&ground.url(), &dump).await.unwrap();
    catalog.close().await;
    let mut connection = AnyConnection::connect(&ground.url()).await.unwrap();
    for by_dump in [false, true] {
        let later = "INSERT INTO _sqlx_migrations VALUES (99, 'later', now(), TRUE, 'x', 1)";
        connection.execute(later).await.unwrap();
        connection.execute("CREATE TABLE later_things (id BIGINT)").await.unwrap();
        let error = Catalog::open_postgres(&ground.url(), Access::Write).await.unwrap_err();
        let hint = error.next_step().unwrap().to_owned();
        assert!(hint.contains("`ragterm_before_…` of the same database"), "{hint}");
        let url = ground.url();
        let restore = async |occupied| match (by_dump, &dumped) {
            (true, Some(said)) => {
                Catalog::load_dump((&dump, said), &url, (occupied, &commit)).await
            }
            _ => Catalog::restore_to_postgres(&file, &url, (occupied, &commit)).await.map(drop),
        };
        let refused = restore(Occupied::Refused).await.unwrap_err();
        assert!(refused.to_string().contains("holds a catalog already"), "{refused}");
        assert_eq!(tables_of(&mut connection, "later_things").await, 1);
        restore(Occupied::Replaced).await.unwrap();
        assert_eq!(tables_of(&mut connection, "later_things").await, 0);
        assert_eq!(migrations_of(&mut connection).await, migrations::last_known());
        ground.open().await.close().await;
    }
    connection.close().await.unwrap();
});
