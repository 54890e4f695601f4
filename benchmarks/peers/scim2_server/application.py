"""The peer in Python: scim2-server as its README shows it, in memory, with its own check of a bearer token.

Runs under gunicorn in an environment of its own (benchmarks/peers/installing.py), never in ours.
"""

import os

from scim2_server.memory import InMemoryStorage
from scim2_server.testserver.application import BearerTokenApplication
from scim2_server.utils import load_default_provider

application = BearerTokenApplication(
    InMemoryStorage(), load_default_provider(), bearer_tokens=[os.environ["PEER_TOKEN"]]
)
