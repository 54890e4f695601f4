"""The jobs: each pays one kind of debt of the outbox, is safe to run twice, and takes ids only (JOB-2, JOB-3)."""
