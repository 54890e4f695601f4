-- What logging in through an organisation keeps beyond the login itself, a section for each topic.

-- Every attempt at a connection's addresses for 30 days, found by the reference that the person was shown. Nothing
-- points here and nothing is pointed at: an attempt outlives the connection and the user that it names.
create table saml_attempts (
    account_id text not null,
    id text not null,
    at timestamp with time zone not null,
    connection_id text not null,
    reference text not null,
    kind text not null,
    outcome text not null,
    signed boolean not null,
    user_id text,
    subject_hash text,
    facts jsonb not null,
    primary key (account_id, id)
);
create index ix_saml_attempts_at on saml_attempts (account_id, connection_id, at, id);
create index ix_saml_attempts_reference on saml_attempts (account_id, reference);
create index ix_saml_attempts_old on saml_attempts (at);
