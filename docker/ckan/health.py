"""Health of one container: ``health.py web|worker|stores``; exit status 0 means healthy.

Light on purpose (no CKAN import, which takes seconds): it runs every minute in every container.
"""

from __future__ import annotations

import os
import socket
import sys
import urllib.request
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

# An idle worker tells Redis that it lives every 405 s (rq: default_worker_ttl - 15).
WORKER_SILENCE = timedelta(minutes=10)


def web() -> bool:
    """The web process answers the API."""
    url = "http://127.0.0.1:5000/api/3/action/status_show"
    with urllib.request.urlopen(url, timeout=8) as answer:
        return answer.status == 200


def worker() -> bool:
    """A worker of this container has given a sign of life lately."""
    from redis import Redis
    from rq import Worker

    connection = Redis.from_url(os.environ["CKAN_REDIS_URL"], socket_timeout=5)
    now = datetime.now(timezone.utc)
    return any(
        each.hostname == socket.gethostname() and now - aware(each.last_heartbeat) < WORKER_SILENCE
        for each in Worker.all(connection=connection)
    )


def aware(moment: datetime) -> datetime:
    """rq 1 gives naive UTC times, rq 2 aware ones."""
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def stores() -> bool:
    """PostgreSQL and Redis can be reached from here."""
    for setting, port in (("CKAN_SQLALCHEMY_URL", 5432), ("CKAN_REDIS_URL", 6379)):
        address = urlsplit(os.environ[setting])
        socket.create_connection((address.hostname, address.port or port), timeout=5).close()
    return True


if __name__ == "__main__":
    kind = {"web": web, "worker": worker, "stores": stores}[sys.argv[1]]
    try:
        healthy = kind()
    except Exception as error:  # noqa: BLE001 whatever goes wrong here means "not healthy"
        sys.exit(f"{sys.argv[1]}: {error}")
    sys.exit(0 if healthy else f"{sys.argv[1]}: no sign of life")
