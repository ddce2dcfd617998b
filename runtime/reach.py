"""Where the servers are, for a command that runs beside `onhand up`."""

from runtime.embedded import EmbeddedPostgres, EmbeddedTemporal
from runtime.settings import Settings, StartRefused


def database_url(settings: Settings) -> str:
    """The address set from outside, else that of the embedded server; StartRefused when stopped."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    url = embedded_postgres(settings).running_url()
    if url is None:
        raise StartRefused("The embedded database is not running; start it with make up.")
    return url


def temporal_address(settings: Settings) -> str:
    """The address set from outside, else that of the embedded server; StartRefused when stopped."""
    if settings.temporal_address is not None:
        return settings.temporal_address
    address = embedded_temporal(settings).running_address()
    if address is None:
        raise StartRefused("The embedded Temporal is not running; start it with make up.")
    return address


def embedded_postgres(settings: Settings) -> EmbeddedPostgres:
    """The server that keeps its data in the data folder, not started."""
    return EmbeddedPostgres(settings.data_dir / "postgres")


def embedded_temporal(settings: Settings) -> EmbeddedTemporal:
    """The server that keeps its data in the data folder, not started."""
    return EmbeddedTemporal(
        settings.data_dir / "temporal",
        settings.temporal_port,
        settings.temporal_ui_port,
        namespace=settings.temporal_namespace,
    )
