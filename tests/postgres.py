"""A real PostgreSQL server for tests; `make bench` measures on the same one."""

from mlconnector.bench.postgres import server, start_keeper, stop_keeper, url

__all__ = ["server", "start_keeper", "stop_keeper", "url"]
