"""`gatelodge reencrypt`: every stored secret under the newest key of GATELODGE_SECRET_KEY (OPS-2)."""

import click

from provisioning.actions.secrets import reencrypt
from provisioning.commands.installation import Place, open_services
from provisioning.commands.options import operators
from provisioning.commands.output import show
from provisioning.domain.caller import operator


@click.command("reencrypt")
@operators(changes=True)
def reencrypt_all(place: Place) -> int:
    """Encrypt every stored secret under the newest key of GATELODGE_SECRET_KEY.

    It can be stopped at any moment and run again. Once it says that nothing is damaged, the older keys can go, but for
    checking exports of the activity report that were signed under them. Exit 1 where a secret cannot be read.
    """
    with open_services(place) as services:
        portions = list(reencrypt(operator("", place.reason), services))
        damaged = [secret for portion in portions for secret in portion.damaged]
        show({"renewed": sum(portion.renewed for portion in portions), "damaged": damaged}, as_json=place.as_json)
        return 1 if damaged else 0
