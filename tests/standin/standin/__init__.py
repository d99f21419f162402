"""A local stand-in of the national sources, served by a real HTTP server.

    with StandIn() as standin:
        standin.url                            # http://127.0.0.1:PORT; /ofgl /dgfip /datagouv /geo
        standin.scenario("dgfip", "500", times=2, match="/exports/")
        standin.change("215403957", 2024)      # the source corrects an account
        standin.calls("dgfip")                 # what was asked

``python tests/standin/serve.py --port 8765`` serves the same from a shell. Shapes, field names and
errors are those of the public services; every account is invented, drawn from a seed.
"""

from .faults import Call
from .server import StandIn

__all__ = ["Call", "StandIn"]
