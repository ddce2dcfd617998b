"""The one definition of how Onhand uses Temporal: client, workers, replayer and tests share it."""

from typing import Final

from temporalio.client import Client
from temporalio.plugin import SimplePlugin
from temporalio.service import TLSConfig
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy as ImportPolicy
from tenacity import retry, stop_after_delay, wait_exponential_jitter

from db.vault import Vault
from domain.shared.errors import DomainError
from runtime.codec import converter
from runtime.failures import FailureTranslation
from runtime.settings import Settings

TASK_QUEUE: Final = "onhand"

# Never "workflows" itself: a passed-through workflow file loses the sandbox's protection.
PASSED_THROUGH: Final = (
    "domain", "activities", "db", "integrations", "workflows.shared", "structlog", "numpy",
)  # fmt: skip


def plugin(vault: Vault | None = None) -> SimplePlugin:
    """Converter, sandbox, refusals and failure translation in one piece.

    With a vault nothing that is said through the engine can be read there; without one, stories
    are told and recorded in plain text.
    """
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    strict = ImportPolicy.WARN_ON_DYNAMIC_IMPORT | ImportPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
    return SimplePlugin(
        "onhand",
        data_converter=converter(vault),
        workflow_runner=SandboxedWorkflowRunner(
            restrictions=restrictions.with_import_notification_policy(strict)
        ),
        workflow_failure_exception_types=[DomainError],
        interceptors=[FailureTranslation()],
    )


@retry(stop=stop_after_delay(60), wait=wait_exponential_jitter(multiplier=0.2, max=5), reraise=True)
async def connect(settings: Settings, address: str) -> Client:
    """A client for this process; tries for a minute while the server starts."""
    key = settings.temporal_api_key
    vault = Vault(settings.encryption_key(), older=settings.older_keys())
    return await Client.connect(
        address,
        namespace=settings.temporal_namespace,
        tls=_tls(settings),
        api_key=key.get_secret_value() if key else None,
        plugins=[plugin(vault)],
    )


def _tls(settings: Settings) -> TLSConfig | bool:
    files = (settings.temporal_tls_ca, settings.temporal_tls_cert, settings.temporal_tls_key)
    if any(files):
        ca, cert, key = (path.read_bytes() if path else None for path in files)
        return TLSConfig(server_root_ca_cert=ca, client_cert=cert, client_private_key=key)
    return settings.temporal_tls or settings.temporal_api_key is not None
