"""gunicorn in production; every value can be overruled on its command line."""

import os
from pathlib import Path

bind = os.environ.get("BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = 8
timeout = 60
graceful_timeout = 20
max_requests = 2000
max_requests_jitter = 200
# The control socket of gunicorn 27 wants a writable home, which containers do not have.
control_socket_disable = True
if Path("/dev/shm").is_dir():  # noqa: S108 - heartbeat files of workers; a disk that stalls would kill them
    worker_tmp_dir = "/dev/shm"  # noqa: S108
# Access logs hold addresses; the proxy in front decides about those.
accesslog = None
errorlog = "-"
