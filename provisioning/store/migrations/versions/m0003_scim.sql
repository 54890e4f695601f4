-- What the whole SCIM profile keeps, a section for each topic.

-- What a SCIM connection is set to do beyond the first settings: which words of the directory give which role, whether a
-- replace makes what it does not find, and whether it gives product environments and Media Library permissions (SCM-1).
alter table scim_connections add column role_map jsonb not null default '{}'::jsonb;
alter table scim_connections add column create_on_replace boolean not null default true;
alter table scim_connections add column manage_environments boolean not null default false;
alter table scim_connections add column manage_media_library boolean not null default false;
