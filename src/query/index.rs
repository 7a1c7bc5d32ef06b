//! Many queries against one item, in one pass.
