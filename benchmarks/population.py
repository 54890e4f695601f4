"""People and members in any number, put into the tables past the product: copies of one user that the product made."""

from collections.abc import Sequence

from benchmarks.installation import Site
from benchmarks.raw import new_user
from provisioning.actions.groups import NewGroup, create_group
from provisioning.actions.scim_tokens import find_scim_caller
from provisioning.actions.users import create_user

COPIED_USERS = """
insert into users select (jsonb_populate_record(u, jsonb_build_object(
    'id', made.id, 'email', made.address, 'email_key', made.address, 'user_name', made.address,
    'user_name_key', made.address, 'external_id', made.address,
    'document', replace(u.document, u.id, made.id)))).*
from users u, (select gen_random_uuid()::text as id, 'copy' || n || '-' || %s || '@bench.example' as address
               from generate_series(1, %s) n) made
where u.account_id = %s and u.id = %s returning id, email
"""
COPIED_EMAILS = """
insert into user_emails (account_id, user_id, position, value_key, type_key, is_primary)
select account_id, id, 0, email_key, 'work', true from users
where account_id = %s
and not exists (select from user_emails e where e.account_id = users.account_id and e.user_id = users.id)
"""
MEMBERS = "insert into group_members (account_id, group_id, user_id) select %s, %s, unnest(%s::text[])"
MEMBER_COUNT = "update groups set member_count = %s where account_id = %s and id = any(%s)"
COUNTED = """
update seats set used = (select count(*) from users where account_id = %s and inactive_at is null)
where account_id = %s
"""


def copy_users(site: Site, number: int, batch: str) -> list[tuple[str, str]]:
    """Make so many users; their ids and addresses."""
    account = site.account.account.id
    caller = find_scim_caller(site.account.token.text, None, site.services)
    pattern = create_user(caller, new_user(f"pattern-{batch}@bench.example"), site.services).user
    made = site.sql(COPIED_USERS, batch, number, account, pattern.id)
    site.sql(COPIED_EMAILS, account)
    site.sql(COUNTED, account, account)
    site.sql("analyze users, user_emails")
    return made


def make_group(site: Site, name: str, member_ids: Sequence[str]) -> str:
    """Make a group with so many members; its id."""
    return make_groups(site, [name], member_ids)[0]


def make_groups(site: Site, names: Sequence[str], member_ids: Sequence[str]) -> list[str]:
    """Make groups of these names with the same members; their ids."""
    caller = find_scim_caller(site.account.token.text, None, site.services)
    account, members = site.account.account.id, list(member_ids)
    made = [create_group(caller, NewGroup(name=name), site.services).group.id for name in names]
    for group_id in made:
        site.sql(MEMBERS, account, group_id, members)
    site.sql(MEMBER_COUNT, len(members), account, made)
    site.sql("analyze groups, group_members")
    return made
