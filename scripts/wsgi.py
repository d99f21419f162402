"""The portal as a WSGI application, for any WSGI server; configured by ``CKAN_INI``."""

import os

from ckan.cli import CKANConfigLoader
from ckan.config.middleware import make_app

application = make_app(CKANConfigLoader(os.environ["CKAN_INI"]).get_config())
