//! Items, sightings, revisions and keys.
