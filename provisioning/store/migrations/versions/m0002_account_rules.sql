-- When the person of a session last proved who they are: password and second factor, or a fresh SAML login (SES-4).
alter table sessions add column proved_at timestamp with time zone;
update sessions set proved_at = created_at;
alter table sessions alter column proved_at set not null;
