"""Pure rules: standard library only, so that thousands of cases are tested in seconds without a database."""
