-- When the person of a session last proved who they are: password and second factor, or a fresh SAML login (SES-4);
-- none where they came through the organisation without being asked there.
alter table sessions add column proved_at timestamp with time zone;
update sessions set proved_at = created_at where method = 'password';
-- Ended sessions are kept for 90 days and then cleaned away (SES-7).
create index ix_sessions_ended on sessions (ended_at) where ended_at is not null;

-- Whether a begun SAML login asks the organisation for a fresh proof: ForceAuthn (SES-4).
alter table saml_requests add column forced boolean not null default false;

-- What people choose for themselves: the time zone of dates, and whether share notifications are mailed (USR-10, MAIL-1).
alter table users add column time_zone text not null default 'UTC';
alter table users add column share_mails boolean not null default true;

-- The activity report is filtered by time, and by who did something or to whom it was done (ACT-1).
create index ix_activity_at on activity (account_id, at, id);
create index ix_activity_actor on activity (account_id, actor_id);
create index ix_activity_target on activity (account_id, target_id);

-- Webhooks, what each was told and answered, and a receipt of every access that was ended (NET-2, OUT-2, SES-7).
create table webhooks (
    account_id text not null,
    id text not null,
    url text not null,
    events text[] not null,
    fields text[] not null,
    secret bytea,
    old_secret bytea,
    old_secret_until timestamp with time zone,
    told_to integer not null,
    created_at timestamp with time zone not null,
    updated_at timestamp with time zone not null,
    paused_at timestamp with time zone,
    pause_reason text,
    failing_since timestamp with time zone,
    failures integer not null,
    retry_at timestamp with time zone,
    confirmed_at timestamp with time zone,
    removed_at timestamp with time zone,
    primary key (account_id, id),
    constraint fk_webhooks_account foreign key(account_id) references accounts (id)
);

create table revocations (
    account_id text not null,
    id text not null,
    user_id text not null,
    epoch integer not null,
    reason text not null,
    way_in text not null,
    ended_by text not null,
    ended_by_name text not null,
    ended_at timestamp with time zone not null,
    sessions integer not null,
    pending_logins integer not null,
    links integer not null,
    devices integer not null,
    keys text[] not null,
    primary key (account_id, id),
    constraint fk_revocations_user foreign key(account_id, user_id) references users (account_id, id) on delete cascade
);
create unique index ux_revocations_user on revocations (account_id, user_id, epoch);

create table webhook_deliveries (
    account_id text not null,
    id text not null,
    webhook_id text not null,
    event_id text not null,
    kind text not null,
    body text not null,
    state text not null,
    attempts integer not null,
    next_at timestamp with time zone not null,
    leased_until timestamp with time zone,
    created_at timestamp with time zone not null,
    tried_at timestamp with time zone,
    answer_status integer,
    fault text,
    excerpt text,
    confirmed_at timestamp with time zone,
    revocation_id text,
    replayed_by text,
    primary key (account_id, id),
    constraint fk_webhook_deliveries_webhook foreign key(account_id, webhook_id) references webhooks (account_id, id) on delete cascade,
    constraint fk_webhook_deliveries_revocation foreign key(account_id, revocation_id) references revocations (account_id, id) on delete cascade
);
create unique index ux_webhook_deliveries_event on webhook_deliveries (account_id, webhook_id, event_id);
create index ix_webhook_deliveries_log on webhook_deliveries (account_id, webhook_id, created_at, id);
create index ix_webhook_deliveries_revocation on webhook_deliveries (account_id, revocation_id) where revocation_id is not null;
create index ix_webhook_deliveries_due on webhook_deliveries (next_at) where state = 'pending';

-- A user is disabled or deleted only together with the end of the access, whoever writes the row (SES-2).
alter table users add column access_ended_at timestamp with time zone;
update users set access_ended_at = greatest(disabled_at, inactive_at)
    where disabled_at is not null or inactive_at is not null;
alter table users add constraint ck_users_access check (
    (disabled_at is null or coalesce(access_ended_at >= disabled_at, false))
    and (inactive_at is null or coalesce(access_ended_at >= inactive_at, false))
);

-- Who adds somebody is told when the name could be taken for an administrator's, so these are looked up (IDN-7).
create index ix_users_administer on users (account_id, id)
    where inactive_at is null and (is_root or role in ('admin', 'master_admin'));

-- What belongs to an account is kept for 30 days after it was cancelled, and then erased (ACC-3, ROLE-2).
alter table accounts add column erased_at timestamp with time zone;
alter table accounts add column creative_approval boolean;
update accounts set creative_approval = (plan = 'enterprise');
alter table accounts alter column creative_approval set not null;
create index ix_accounts_cancelled on accounts (cancelled_at) where cancelled_at is not null and erased_at is null;

-- Who made a key or token and who answers for it now, where it may be used from, how it was rotated, and of which
-- stretch before its end somebody was told (API-1, API-2, KEY-2 to KEY-4).
alter table account_keys add column answerable text;
alter table account_keys add column address_ranges text[];
alter table account_keys add column disabled_at timestamp with time zone;
alter table account_keys add column replaced_by text;
alter table account_keys add column warned_days integer;
update account_keys set address_ranges = '{}', answerable = (
    select users.id from users where users.account_id = account_keys.account_id and users.id = account_keys.made_by
);
alter table account_keys alter column address_ranges set not null;
create index ix_account_keys_end on account_keys (expires_at) where revoked_at is null;
alter table scim_tokens add column made_by text;
alter table scim_tokens add column answerable text;
alter table scim_tokens add column address_ranges text[];
alter table scim_tokens add column disabled_at timestamp with time zone;
alter table scim_tokens add column replaced_by text;
alter table scim_tokens add column warned_days integer;
update scim_tokens set address_ranges = '{}', made_by = '';
alter table scim_tokens alter column made_by set not null;
alter table scim_tokens alter column address_ranges set not null;
create index ix_scim_tokens_end on scim_tokens (expires_at) where revoked_at is null;

-- The second factor of a user, its recovery codes, and a login between its password and its session (2FA-1, LGN-3, LGN-4).
create table second_factors (
    account_id text not null,
    user_id text not null,
    seed bytea not null,
    last_step integer not null,
    created_at timestamp with time zone not null,
    confirmed_at timestamp with time zone,
    primary key (account_id, user_id),
    constraint fk_second_factors_user foreign key(account_id, user_id) references users (account_id, id) on delete cascade
);
create table recovery_codes (
    account_id text not null,
    id text not null,
    user_id text not null,
    code_hash text not null,
    used_at timestamp with time zone,
    primary key (account_id, id),
    constraint fk_recovery_codes_user foreign key(account_id, user_id) references users (account_id, id) on delete cascade
);
create index ix_recovery_codes_user on recovery_codes (account_id, user_id);
create table second_steps (
    account_id text not null,
    id text not null,
    secret_hash text not null,
    user_id text not null,
    epoch integer not null,
    proved text[] not null,
    counted boolean not null,
    tries integer not null,
    created_at timestamp with time zone not null,
    expires_at timestamp with time zone not null,
    used_at timestamp with time zone,
    primary key (account_id, id),
    constraint fk_second_steps_user foreign key(account_id, user_id) references users (account_id, id) on delete cascade
);
create unique index ux_second_steps_secret on second_steps (secret_hash);
create index ix_second_steps_user on second_steps (account_id, user_id);
-- Browsers that somebody has logged in with, and the counters that slow guessing (LGN-2, PWD-5).
create table devices (
    account_id text not null,
    id text not null,
    user_id text not null,
    secret_hash text not null,
    epoch integer not null,
    created_at timestamp with time zone not null,
    last_used_at timestamp with time zone not null,
    primary key (account_id, id),
    constraint fk_devices_user foreign key(account_id, user_id) references users (account_id, id) on delete cascade
);
create index ix_devices_secret on devices (secret_hash);
create index ix_devices_user on devices (account_id, user_id);
create table login_tries (
    account_id text not null,
    counter text not null,
    subject text not null,
    tries integer not null,
    last_at timestamp with time zone not null,
    open_at timestamp with time zone not null,
    primary key (account_id, counter, subject)
);
create index ix_login_tries_last on login_tries (last_at);

-- What callers who are not logged in tried and were refused: one entry of the report a minute, with a count (AUD-1).
create table stranger_attempts (
    account_id text not null,
    kind text not null,
    way_in text not null,
    code text not null,
    target text not null,
    written_at timestamp with time zone not null,
    waiting integer not null,
    written integer not null,
    entry jsonb not null,
    primary key (account_id, kind, way_in, code, target)
);
