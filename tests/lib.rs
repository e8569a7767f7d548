//! Tests of the whole program: see `it/`. This library is empty. The tests are one binary, so that they share one PostgreSQL.
