"""Serves the stand-in of the national sources until SIGTERM; its address is the first line.

python tests/standin/serve.py --port 8765 --seed 1
"""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Sequence

from standin import StandIn


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--seed", type=int, default=1, help="other seeds give other accounts")
    parser.add_argument("--portal", default="", help="portal whose datasets come back (loop guard)")
    given = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with StandIn(port=given.port, seed=given.seed, portal=given.portal) as standin:
        print(standin.url, flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
