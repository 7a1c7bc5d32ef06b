//! Stories and document frequencies.
