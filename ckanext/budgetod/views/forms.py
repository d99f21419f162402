"""Forms of ours are only taken from our own pages."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.config.middleware.flask_app import csrf


def require_token() -> None:
    """Before each request to our pages: 400 for a form without the token of its page.

    CKAN 2.12 has the same check, but lifts it from a view, for the life of the process, as soon as
    somebody anonymous or with an API token has called it. Here the check stays. A request with
    an API token needs none: no foreign page can make a browser send that header.
    """
    if not tk.config.get("WTF_CSRF_ENABLED"):
        return
    if tk.request.headers.get(tk.config["apitoken_header_name"]):
        return
    csrf.protect()
