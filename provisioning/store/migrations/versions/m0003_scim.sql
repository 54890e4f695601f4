-- What the whole SCIM profile keeps, a section for each topic.

-- What a SCIM connection is set to do beyond the first settings: which words of the directory give which role, whether a
-- replace makes what it does not find, and whether it gives product environments and Media Library permissions (SCM-1).
alter table scim_connections add column role_map jsonb not null default '{}'::jsonb;
alter table scim_connections add column create_on_replace boolean not null default true;
alter table scim_connections add column manage_environments boolean not null default false;
alter table scim_connections add column manage_media_library boolean not null default false;

-- Whether a second factor is set up is an attribute of the user (twoFactorEnrolled), so that the stored document and
-- filters know it; product environments are read from their own rows, so that the document never holds an old name.
alter table users add column has_second_factor boolean not null default false;
update users set has_second_factor = true
    from second_factors
    where second_factors.account_id = users.account_id and second_factors.user_id = users.id
        and second_factors.confirmed_at is not null;
update users set
    document = jsonb_set(
        document::jsonb #- '{urn:gatelodge:scim:schemas:extension:account:1.0:User,productEnvironments}',
        '{urn:gatelodge:scim:schemas:extension:account:1.0:User,twoFactorEnrolled}',
        to_jsonb(has_second_factor)
    )::text,
    folded = jsonb_set(
        folded #- '{urn:gatelodge:scim:schemas:extension:account:1.0:user,productenvironments}',
        '{urn:gatelodge:scim:schemas:extension:account:1.0:user,twofactorenrolled}',
        to_jsonb(has_second_factor)
    )
    where document <> '';

-- What identity providers asked for, redacted, kept 30 days (SCM-9).
create table provisioning_log (
    account_id text not null,
    id text not null,
    at timestamp with time zone not null,
    connection_id text not null,
    method text not null,
    path text not null,
    query text not null,
    body text,
    status integer not null,
    code text,
    milliseconds double precision not null,
    resource_id text,
    facts text not null,
    replayed_at timestamp with time zone,
    replayed_as text,
    primary key (account_id, id)
);
create index ix_provisioning_log_at on provisioning_log (account_id, at, id);
create index ix_provisioning_log_resource on provisioning_log (account_id, resource_id, at)
    where resource_id is not null;

-- Of a user's sessions only those of the present epoch are counted when they end, however many ended before (OUT-2).
drop index ix_sessions_user;
create index ix_sessions_user on sessions (account_id, user_id, epoch);
