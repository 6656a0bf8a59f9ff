//! [`Scalar`]: the first column of a row that plain SQL gives, whatever its name is.

use std::marker::PhantomData;

use diesel::QueryableByName;
use diesel::backend::Backend;
use diesel::deserialize::{FromSql, Result};
use diesel::row::{Field as _, NamedRow, Row};

/// A value of the SQL type `Sql`.
pub struct Scalar<Sql, T>(pub T, PhantomData<Sql>);

impl<DB: Backend, Sql, T: FromSql<Sql, DB>> QueryableByName<DB> for Scalar<Sql, T> {
    fn build<'a>(row: &impl NamedRow<'a, DB>) -> Result<Self> {
        let field = Row::get(row, 0).ok_or("the row has no column")?;
        Ok(Self(T::from_nullable_sql(field.value())?, PhantomData))
    }
}
