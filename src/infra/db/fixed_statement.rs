//! [`fixed_statement!`]: statements whose text never changes, prepared once a connection and found again by their type.
//!
//! The modules that write SQL for one database use it, each for a type with a lifetime that implements diesel's `QueryFragment`.

/// Makes `$name<'_>` a statement of fixed text on `$conn`.
macro_rules! fixed_statement {
    ($name:ident, $conn:ty) => {
        impl diesel::query_builder::QueryId for $name<'_> {
            type QueryId = $name<'static>;
            const HAS_STATIC_QUERY_ID: bool = true;
        }
        impl diesel::RunQueryDsl<$conn> for $name<'_> {}
    };
}
pub(crate) use fixed_statement;
