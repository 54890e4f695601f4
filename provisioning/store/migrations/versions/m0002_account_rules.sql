-- When the person of a session last proved who they are: password and second factor, or a fresh SAML login (SES-4).
alter table sessions add column proved_at timestamp with time zone;
update sessions set proved_at = created_at;
alter table sessions alter column proved_at set not null;

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
    primary key (account_id, id),
    constraint fk_webhook_deliveries_webhook foreign key(account_id, webhook_id) references webhooks (account_id, id) on delete cascade,
    constraint fk_webhook_deliveries_revocation foreign key(account_id, revocation_id) references revocations (account_id, id) on delete cascade
);
create unique index ux_webhook_deliveries_event on webhook_deliveries (account_id, webhook_id, event_id);
create index ix_webhook_deliveries_log on webhook_deliveries (account_id, webhook_id, created_at, id);
create index ix_webhook_deliveries_revocation on webhook_deliveries (account_id, revocation_id) where revocation_id is not null;
create index ix_webhook_deliveries_due on webhook_deliveries (next_at) where state = 'pending';
