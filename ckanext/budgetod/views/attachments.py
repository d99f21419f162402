"""XML files are handed over as attachments: a browser never opens them on the portal's address."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from werkzeug.wrappers import Response

_XML = ("text/xml", "application/xml")


def xml_as_attachment(response: Response) -> Response:
    """After any request: CKAN 2.11 shows an uploaded XML inline; this says otherwise."""
    downloading = (tk.request.endpoint or "").endswith("resource.download")
    if downloading and response.status_code == 200 and response.mimetype in _XML:
        filename = (tk.request.view_args or {}).get("filename") or "document.xml"
        response.headers.set("Content-Disposition", "attachment", filename=filename)
    return response
