create table accounts (
    id text not null,
    name text not null,
    plan text not null,
    permission_system text not null,
    two_factor text not null,
    session_idle_seconds integer not null,
    session_max_seconds integer not null,
    saml_enforced boolean not null,
    cancelled_at timestamp with time zone,
    created_at timestamp with time zone not null,
    primary key (id)
);

create table activity (
    account_id text not null,
    id text not null,
    at timestamp with time zone not null,
    kind text not null,
    outcome text not null,
    code text,
    way_in text not null,
    actor_id text not null,
    actor_name text not null,
    address text,
    target_kind text not null,
    target_id text not null,
    target_name text not null,
    data jsonb not null,
    primary key (account_id, id)
);

create table activity_unsealed (
    account_id text not null,
    entry_id text not null,
    primary key (account_id, entry_id)
);

create table outbox (
    account_id text not null,
    id text not null,
    kind text not null,
    payload jsonb not null,
    secret bytea,
    attempts integer not null,
    last_fault text,
    next_at timestamp with time zone not null,
    created_at timestamp with time zone not null,
    done_at timestamp with time zone,
    primary key (account_id, id)
);
create index ix_outbox_due on outbox (next_at) where done_at is null;

create table pending_logins (
    secret_hash text not null,
    choices jsonb not null,
    created_at timestamp with time zone not null,
    expires_at timestamp with time zone not null,
    used_at timestamp with time zone,
    primary key (secret_hash)
);

create table account_keys (
    account_id text not null,
    id text not null,
    name text not null,
    role text not null,
    secret_hash text not null,
    made_by text not null,
    created_at timestamp with time zone not null,
    expires_at timestamp with time zone not null,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    primary key (account_id, id),
    constraint fk_account_keys_account foreign key(account_id) references accounts (id)
);
create unique index ux_account_keys_id on account_keys (id);

create table activity_seals (
    account_id text not null,
    number integer not null,
    entry_id text not null,
    previous text not null,
    digest text not null,
    sealed_at timestamp with time zone not null,
    primary key (account_id, number),
    constraint fk_activity_seals_entry foreign key(account_id, entry_id) references activity (account_id, id)
);
create unique index ux_activity_seals_entry on activity_seals (account_id, entry_id);

create table environments (
    account_id text not null,
    id text not null,
    name text not null,
    cloud_name text not null,
    cloud_name_key text not null,
    enabled boolean not null,
    custom_attributes jsonb,
    created_at timestamp with time zone not null,
    updated_at timestamp with time zone not null,
    primary key (account_id, id),
    constraint fk_environments_account foreign key(account_id) references accounts (id)
);
create unique index ux_environments_cloud_name on environments (cloud_name_key);

create table saml_connections (
    account_id text not null,
    id text not null,
    settings jsonb not null,
    enabled boolean not null,
    sp_certificate text not null,
    sp_private_key bytea not null,
    created_at timestamp with time zone not null,
    succeeded_at timestamp with time zone,
    primary key (account_id, id),
    constraint fk_saml_connections_account foreign key(account_id) references accounts (id)
);
create unique index ux_saml_connections_id on saml_connections (id);

create table seats (
    account_id text not null,
    used integer not null,
    plan_seats integer not null,
    additional integer not null,
    primary key (account_id),
    constraint fk_seats_account foreign key(account_id) references accounts (id),
    constraint ck_seats_used check (used >= 0)
);

create table access_keys (
    account_id text not null,
    id text not null,
    environment_id text not null,
    api_key text not null,
    secret bytea not null,
    name text not null,
    enabled boolean not null,
    dedicated_for text[] not null,
    is_first boolean not null,
    created_at timestamp with time zone not null,
    updated_at timestamp with time zone not null,
    primary key (account_id, id),
    constraint fk_access_keys_environment foreign key(account_id, environment_id) references environments (account_id, id) on delete cascade
);
create index ix_access_keys_environment on access_keys (account_id, environment_id);
create unique index ux_access_keys_api_key on access_keys (api_key);

create table saml_requests (
    account_id text not null,
    id text not null,
    connection_id text not null,
    browser_hash text not null,
    relay_hash text not null,
    return_path text not null,
    created_at timestamp with time zone not null,
    expires_at timestamp with time zone not null,
    used_at timestamp with time zone,
    primary key (account_id, id),
    constraint fk_saml_requests_connection foreign key(account_id, connection_id) references saml_connections (account_id, id) on delete cascade
);

create table saml_spent (
    account_id text not null,
    connection_id text not null,
    kind text not null,
    value text not null,
    expires_at timestamp with time zone not null,
    primary key (account_id, connection_id, kind, value),
    constraint fk_saml_spent_connection foreign key(account_id, connection_id) references saml_connections (account_id, id) on delete cascade
);
create index ix_saml_spent_expiry on saml_spent (expires_at);

create table scim_connections (
    account_id text not null,
    id text not null,
    name text not null,
    name_key text not null,
    profile text not null,
    saml_connection_id text,
    email_domains text[] not null,
    allow_master_admin boolean not null,
    default_role text not null,
    role_cap text[] not null,
    enabled boolean not null,
    created_at timestamp with time zone not null,
    primary key (account_id, id),
    constraint fk_scim_connections_account foreign key(account_id) references accounts (id),
    constraint fk_scim_connections_saml foreign key(account_id, saml_connection_id) references saml_connections (account_id, id) on delete restrict
);
create unique index ux_scim_connections_name on scim_connections (account_id, name_key);

create table groups (
    account_id text not null,
    id text not null,
    name text not null,
    name_key text not null,
    external_id text,
    connection_id text,
    version integer not null,
    member_count integer not null,
    attributes jsonb not null,
    created_at timestamp with time zone not null,
    updated_at timestamp with time zone not null,
    primary key (account_id, id),
    constraint fk_groups_account foreign key(account_id) references accounts (id),
    constraint fk_groups_connection foreign key(account_id, connection_id) references scim_connections (account_id, id)
);
create unique index ux_groups_external_id on groups (account_id, external_id, connection_id);
create unique index ux_groups_name on groups (account_id, name_key);

create table scim_tokens (
    account_id text not null,
    id text not null,
    connection_id text not null,
    secret_hash text not null,
    created_at timestamp with time zone not null,
    expires_at timestamp with time zone not null,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    primary key (account_id, id),
    constraint fk_scim_tokens_connection foreign key(account_id, connection_id) references scim_connections (account_id, id) on delete cascade
);
create unique index ux_scim_tokens_id on scim_tokens (id);

create table users (
    account_id text not null,
    id text not null,
    is_root boolean not null,
    email text,
    email_key text,
    user_name text not null,
    user_name_key text not null,
    external_id text,
    connection_id text,
    first_name text not null,
    last_name text not null,
    display_name text not null,
    name_key text not null,
    role text,
    all_environments boolean not null,
    media_library text[] not null,
    disabled_at timestamp with time zone,
    accepted_at timestamp with time zone,
    reset_at timestamp with time zone,
    inactive_at timestamp with time zone,
    password_hash text,
    epoch integer not null,
    version integer not null,
    attributes jsonb not null,
    folded jsonb not null,
    document text not null,
    providers text[] not null,
    created_at timestamp with time zone not null,
    updated_at timestamp with time zone not null,
    last_login_at timestamp with time zone,
    primary key (account_id, id),
    constraint fk_users_account foreign key(account_id) references accounts (id),
    constraint fk_users_connection foreign key(account_id, connection_id) references scim_connections (account_id, id),
    constraint ck_users_role check (is_root = (role is null)),
    constraint ck_users_root check (not is_root or (disabled_at is null and inactive_at is null and reset_at is null and all_environments))
);
create index ix_users_email on users (email_key) where inactive_at is null;
create index ix_users_live on users (account_id, id) where inactive_at is null;
create index ix_users_name on users (account_id, name_key text_pattern_ops) where inactive_at is null;
create index ix_users_table on users (account_id, name_key collate "C", id) where inactive_at is null;
create index ix_users_updated on users (account_id, updated_at) where inactive_at is null;
create unique index ux_users_email on users (account_id, email_key text_pattern_ops) where inactive_at is null;
create unique index ux_users_external_id on users (account_id, external_id, connection_id) where inactive_at is null;
create unique index ux_users_root on users (account_id) where is_root;
create unique index ux_users_user_name on users (account_id, user_name_key) where inactive_at is null;

create table group_children (
    account_id text not null,
    group_id text not null,
    child_id text not null,
    primary key (account_id, group_id, child_id),
    constraint fk_group_children_group foreign key(account_id, group_id) references groups (account_id, id) on delete cascade,
    constraint fk_group_children_child foreign key(account_id, child_id) references groups (account_id, id) on delete cascade
);
create index ix_group_children_child on group_children (account_id, child_id);

create table group_members (
    account_id text not null,
    group_id text not null,
    user_id text not null,
    primary key (account_id, group_id, user_id),
    constraint fk_group_members_group foreign key(account_id, group_id) references groups (account_id, id) on delete cascade,
    constraint fk_group_members_user foreign key(account_id, user_id) references users (account_id, id) on delete cascade
);
create index ix_group_members_user on group_members (account_id, user_id);

create table links (
    account_id text not null,
    id text not null,
    secret_hash text not null,
    purpose text not null,
    user_id text not null,
    address text not null,
    created_at timestamp with time zone not null,
    expires_at timestamp with time zone not null,
    used_at timestamp with time zone,
    ended_at timestamp with time zone,
    primary key (account_id, id),
    constraint fk_links_user foreign key(account_id, user_id) references users (account_id, id) on delete cascade
);
create index ix_links_user on links (account_id, user_id);
create unique index ux_links_secret on links (secret_hash);

create table saml_links (
    account_id text not null,
    connection_id text not null,
    subject text not null,
    user_id text not null,
    created_at timestamp with time zone not null,
    primary key (account_id, connection_id, subject),
    constraint fk_saml_links_connection foreign key(account_id, connection_id) references saml_connections (account_id, id) on delete cascade,
    constraint fk_saml_links_user foreign key(account_id, user_id) references users (account_id, id) on delete cascade
);
create index ix_saml_links_user on saml_links (account_id, user_id);

create table sessions (
    account_id text not null,
    id text not null,
    secret_hash text not null,
    user_id text not null,
    epoch integer not null,
    method text not null,
    connection_id text,
    name_id text,
    session_index text,
    address text,
    user_agent text,
    created_at timestamp with time zone not null,
    last_seen_at timestamp with time zone not null,
    expires_at timestamp with time zone not null,
    ended_at timestamp with time zone,
    end_reason text,
    ended_by text,
    primary key (account_id, id),
    constraint fk_sessions_user foreign key(account_id, user_id) references users (account_id, id) on delete cascade
);
create index ix_sessions_user on sessions (account_id, user_id);
create unique index ux_sessions_secret on sessions (secret_hash);

create table user_emails (
    account_id text not null,
    user_id text not null,
    position integer not null,
    value_key text not null,
    type_key text,
    is_primary boolean not null,
    primary key (account_id, user_id, position),
    constraint fk_user_emails_user foreign key(account_id, user_id) references users (account_id, id) on delete cascade
);
create index ix_user_emails_value on user_emails (account_id, value_key);

create table user_environments (
    account_id text not null,
    user_id text not null,
    environment_id text not null,
    primary key (account_id, user_id, environment_id),
    constraint fk_user_environments_user foreign key(account_id, user_id) references users (account_id, id) on delete cascade,
    constraint fk_user_environments_environment foreign key(account_id, environment_id) references environments (account_id, id) on delete cascade
);
create index ix_user_environments_environment on user_environments (account_id, environment_id);

