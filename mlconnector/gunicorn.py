"""Settings of gunicorn: `gunicorn -c python:mlconnector.gunicorn mlconnector.wsgi`."""

from mlconnector import settings

bind = settings.WEB_ADDRESS
workers = settings.WEB_PROCESSES
threads = settings.WEB_THREADS
# Loaded once, before the workers: settings that can't work end the start instead of every worker in turn.
preload_app = True
timeout = 60
graceful_timeout = 20
# Long-lived workers are exchanged now and then, not all at once.
max_requests = 5000
max_requests_jitter = 500
# Addresses of requests may hold what signs a person in (OAuth's code), so there is no access log.
accesslog = None
# Nothing here is controlled at run time, and two installations on one machine would share the socket.
control_socket_disable = True
