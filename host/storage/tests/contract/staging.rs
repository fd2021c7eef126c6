//! What `object_store` stages a put in on local disk: `<key>#<digits>`, which a kill leaves.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::world::{
    Artifact, Place, World, noise, owned, push_all, push_blob, referrers, repository, sha256, tag,
};

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { pending.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// A copy of a file as a put stages it.
fn stage(object: &Path, staged: &Path) -> PathBuf {
    fs::create_dir_all(staged.parent().unwrap()).unwrap();
    let staged = PathBuf::from(format!("{}#7", staged.display()));
    fs::copy(object, &staged).unwrap();
    staged
}

/// A repository with one thing of each kind.
async fn stocked(world: &World) -> [Artifact; 3] {
    let (name, storage) = (repository("stock"), &world.storage);
    let (config, layer) = (noise(1, 100), noise(2, 20_000));
    let image = Artifact::of("image", &[&config, &layer]).tagged("v1");
    push_all(storage, &name, &[&config, &layer], &image).await.unwrap();
    let signature = Artifact::of("signature", &[]).about(&image.digest());
    let mut index = Artifact::of("index", &[]).tagged("v2");
    index.children = vec![image.as_child()];
    push_all(storage, &name, &[], &signature).await.unwrap();
    push_all(storage, &name, &[], &index).await.unwrap();
    [image, signature, index]
}

#[tokio::test]
async fn no_listing_shows_a_put_that_is_under_way() {
    let world = World::new(owned, Place::folder()).await;
    let [image, ..] = stocked(&world).await;
    let before = world.storage.audit().await.unwrap();
    let objects = world.data_folder().path().join("objects");
    let stored = files(&objects);
    for object in &stored {
        stage(object, object);
    }
    let storage = world.storage.reopened(None).await.unwrap();
    assert_eq!(storage.audit().await.unwrap(), before);
    // a repository of which each object is on its way
    for object in &stored {
        let below = object.strip_prefix(&objects).unwrap().to_str().unwrap();
        stage(object, &objects.join(below.replacen("stock", "ghost", 1)));
    }
    let (stock, ghost) = (repository("stock"), repository("ghost"));
    assert_eq!(storage.repositories(None, 9).await.unwrap().items, std::slice::from_ref(&stock));
    assert_eq!(storage.tags(&stock, None, 9).await.unwrap().items, [tag("v1"), tag("v2")]);
    assert_eq!(referrers(&storage, &stock, &image.digest(), None).await.len(), 1);
    assert!(!storage.repository_exists(&ghost).await.unwrap());
    assert!(storage.tags(&ghost, None, 9).await.unwrap().items.is_empty());
    assert!(storage.manifest(&ghost, &image.digest()).await.unwrap().is_none());
    assert!(referrers(&storage, &ghost, &image.digest(), None).await.is_empty());
    assert_eq!(storage.blob(&ghost, &sha256(&noise(1, 100))).await.unwrap(), None);
}

#[tokio::test]
async fn what_a_killed_run_staged_goes_at_the_start_and_nothing_else() {
    let world = World::new(owned, Place::folder()).await;
    stocked(&world).await;
    let objects = world.data_folder().path().join("objects");
    let kept = files(&objects);
    let started = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let staged: Vec<_> = kept.iter().map(|object| stage(object, object)).collect();
    for (path, age_seconds) in staged.iter().zip([1, 3600].into_iter().cycle()) {
        let modified = started - Duration::from_secs(age_seconds);
        File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
    }
    // this run's own, which began after it
    let own = stage(&kept[0], &objects.join("data/00/own"));
    let modified = started + Duration::from_secs(1);
    File::options().write(true).open(&own).unwrap().set_modified(modified).unwrap();
    assert_eq!(world.data_folder().sweep(started).unwrap(), staged.len());
    let mut left = kept.clone();
    left.push(own);
    left.sort();
    assert_eq!(files(&objects), left);
    assert_eq!(world.data_folder().sweep(started).unwrap(), 0);
    push_blob(&world.storage, &repository("stock"), &noise(3, 20_000)).await.unwrap();
    world.is_sound().await;
}
