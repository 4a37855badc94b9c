//! The registries: npm, PyPI and local folders; their metadata, caches, and the [`Index`](crate::resolve::Index) over them.
