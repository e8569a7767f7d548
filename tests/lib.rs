//! The road under test: see `it/`. This library is empty; the tests are one binary, so that they share one PostgreSQL.
