//! What registries answer, read as the listings read it and without asking one: the entry points of `fuzz` and `benches`.

use crate::model::{CoreMetadata, PackageName};

use super::listing_record::ListingRecord;
use super::npm::record::{self as npm, PackumentForm};
use super::provenance::Provenance;
use super::pypi::{page, record as pypi, requirement};

/// Reads a packument of the npm package `fuzz`, and what the cache makes of it.
pub fn packument(document: &[u8]) {
    let name = PackageName::npm("fuzz").expect("a name");
    let Ok(encoded) = npm::encode(&name, document, PackumentForm::Full) else { return };
    let record = ListingRecord::new(Provenance::default(), encoded);
    npm::decode(&record, PackumentForm::Full).expect("what was encoded");
}

/// Reads a page of the simple index (PEP 503 or PEP 691) of the package `fuzz`, and what the cache makes of it.
pub fn simple_page(page: &[u8]) {
    let name = PackageName::pypi("fuzz").expect("a name");
    let Ok(files) = page::read(&name, "https://index.example/simple/fuzz/", page) else { return };
    pypi::decode(&pypi::encode(&name, &files)).expect("what was encoded");
}

/// Reads what a cache may have of the simple index, written by another version, or by nobody.
pub fn cached_page(record: &[u8]) {
    drop(pypi::decode(record));
    for file in pypi::files(record).into_iter().flatten() {
        let _ = (file.url(), file.digest(), file.metadata());
    }
}

/// Reads core metadata and the requirements in it. What is rendered of it is read as the same.
pub fn core_metadata(metadata: &[u8]) {
    let name = PackageName::pypi("fuzz").expect("a name");
    let Ok(metadata) = CoreMetadata::parse(metadata) else { return };
    let again = CoreMetadata::parse(metadata.render().as_bytes());
    assert_eq!(again.map(|again| again.render()), Ok(metadata.render()));
    metadata.extra_names();
    for text in &metadata.requires {
        drop(requirement::dependency(&name, text));
    }
    drop(metadata.requires_python.as_deref().map(requirement::specifiers));
}
