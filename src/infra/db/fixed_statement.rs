//! [`fixed_statement!`]: statements whose text never changes, prepared once a connection and found again by their type.
//!
//! The modules that write SQL for one database use it, each for a type with a lifetime that implements [`FixedText`]. A second
//! text under one type would be run as the first: where debug assertions are on, it panics.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::AstPass;

/// A statement's text and parameters. The text is the same for all values: an absent one is bound as NULL.
pub(crate) trait FixedText<DB: Backend> {
    fn walk_text<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()>;
}

/// Pushes texts and, as `Type = reference`, parameters.
macro_rules! push_sql {
    ($out:expr $(,)?) => {};
    ($out:expr, $text:literal $(, $($rest:tt)*)?) => {
        $out.push_sql($text);
        $crate::infra::db::fixed_statement::push_sql!($out $(, $($rest)*)?);
    };
    ($out:expr, $kind:ident $(<$of:ident>)? = $value:expr $(, $($rest:tt)*)?) => {
        $out.push_bind_param::<$kind $(<$of>)?, _>($value)?;
        $crate::infra::db::fixed_statement::push_sql!($out $(, $($rest)*)?);
    };
}
pub(crate) use push_sql;

/// Makes `$name<'_>` a statement of fixed text on `$conn`, which returns `$rows`. The text is what [`push_sql!`] takes, where `$this` is
/// the statement; without it, [`FixedText`] is written by hand.
macro_rules! fixed_statement {
    ($name:ident, $conn:ty => $rows:ty, |$this:ident| $($text:tt)*) => {
        impl diesel::query_builder::Query for $name<'_> {
            type SqlType = $rows;
        }
        $crate::infra::db::fixed_statement::fixed_statement!($name, $conn, |$this| $($text)*);
    };
    ($name:ident, $conn:ty, |$this:ident| $($text:tt)*) => {
        $crate::infra::db::fixed_statement::fixed_statement!($name, $conn);
        impl
            $crate::infra::db::fixed_statement::FixedText<
                <$conn as diesel::connection::Connection>::Backend,
            > for $name<'_>
        {
            fn walk_text<'b>(
                &'b self,
                mut out: diesel::query_builder::AstPass<
                    '_,
                    'b,
                    <$conn as diesel::connection::Connection>::Backend,
                >,
            ) -> diesel::QueryResult<()> {
                let $this = self;
                $crate::infra::db::fixed_statement::push_sql!(out, $($text)*);
                Ok(())
            }
        }
    };
    ($name:ident, $conn:ty) => {
        impl diesel::query_builder::QueryId for $name<'_> {
            type QueryId = $name<'static>;
            const HAS_STATIC_QUERY_ID: bool = true;
        }
        impl diesel::RunQueryDsl<$conn> for $name<'_> {}
        impl
            diesel::query_builder::QueryFragment<<$conn as diesel::connection::Connection>::Backend>
            for $name<'_>
        {
            fn walk_ast<'b>(
                &'b self,
                out: diesel::query_builder::AstPass<
                    '_,
                    'b,
                    <$conn as diesel::connection::Connection>::Backend,
                >,
            ) -> diesel::QueryResult<()> {
                #[cfg(debug_assertions)]
                crate::infra::db::fixed_statement::one_text::check(self);
                crate::infra::db::fixed_statement::FixedText::walk_text(self, out)
            }
        }
    };
}
pub(crate) use fixed_statement;

#[cfg(debug_assertions)]
pub(crate) mod one_text {
    //! The first text of each type, and the comparison of every later one with it.

    use std::collections::BTreeMap;
    use std::sync::{Mutex, PoisonError};

    use diesel::query_builder::{QueryBuilder, QueryFragment};

    use super::{AstPass, Backend, FixedText, QueryResult};

    static TEXTS: Mutex<BTreeMap<&str, String>> = Mutex::new(BTreeMap::new());

    struct Unchecked<'a, S>(&'a S);

    impl<DB: Backend, S: FixedText<DB>> QueryFragment<DB> for Unchecked<'_, S> {
        fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
            self.0.walk_text(out)
        }
    }

    /// # Panics
    /// If an earlier statement of this type had another text.
    pub(crate) fn check<DB, S: FixedText<DB>>(statement: &S)
    where
        DB: Backend + Default,
        DB::QueryBuilder: Default,
    {
        let mut text = DB::QueryBuilder::default();
        if Unchecked(statement)
            .to_sql(&mut text, &DB::default())
            .is_err()
        {
            return;
        }
        let (name, text) = (std::any::type_name::<S>(), text.finish());
        let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
        let first = texts.entry(name).or_insert_with(|| text.clone());
        assert!(*first == text, "{name} has two texts:\n{first}\n{text}");
    }
}
