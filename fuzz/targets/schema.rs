#![no_main]
//! A schema as anybody may write it, and a document that it validates: the first line that consists of `---` parts them.
//! Every finding has a place in the text.

use larder_core::schema::{ImportRequest, Schema, SourceFile};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (schema, instance) = text.split_once("\n---\n").unwrap_or((text, "{}"));
    let source = SourceFile::new("schema", schema);
    // It may import itself, under any name.
    let own = |request: &ImportRequest<'_>| (request.location.is_some()).then(|| source.clone());
    for resolver in [&own as &dyn Fn(&ImportRequest<'_>) -> Option<SourceFile>, &|_| None] {
        let loaded = Schema::load(&source, None, resolver);
        let lines = u32::try_from(schema.lines().count()).unwrap_or(u32::MAX) + 1;
        for finding in &loaded.findings {
            assert!(finding.position.line <= lines, "{finding:?}");
        }
        let Some(schema) = loaded.schema else { continue };
        for entry in schema.entries() {
            schema.shape(Some(&entry)).expect("an entry that is listed");
        }
        let _ = schema.validate(None, &SourceFile::new("instance", instance));
        assert_eq!(larder_core::schema::compatibility::compare(&schema, &schema), []);
    }
});
