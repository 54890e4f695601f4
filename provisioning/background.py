"""The processes behind `gatelodge relay` and `gatelodge worker`: `python -m provisioning.background relay|worker`."""

import os
import signal
import sys
import threading
from types import FrameType

from provisioning import metrics
from provisioning.observe import log, set_up_logs
from provisioning.settings import Settings, load
from provisioning.wiring import services_from
from workers import main as workers_main
from workers import relay


def main(part: str) -> int:
    """Run one part until a signal comes; its exit status.

    Args:
        part: `relay` or `worker`.

    Raises:
        SettingsError, MailUrlError: the configuration cannot be used.
    """
    set_up_logs()
    settings = load(os.environ)
    set_up_logs(people=settings.log_people)
    serve_metrics(settings)
    services = services_from(settings, measure=metrics.measure)
    stop = threading.Event()

    def request_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, request_stop)
    try:
        if part == "relay":
            relay.run(services, settings.redis_url, stop)
            return 0
        return workers_main.run(services, settings, stop)
    finally:
        services.database.close()


def serve_metrics(settings: Settings) -> None:
    """Answer `/metrics` of this process, where an address was given; under `up` the web answers for all."""
    if settings.metrics_address:
        try:
            metrics.serve(settings.metrics_address)
        except OSError as fault:
            # Where the parts of one machine share a configuration, the address is the web's; the work goes on.
            log.warning("metrics.not_served", fault=type(fault).__name__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
