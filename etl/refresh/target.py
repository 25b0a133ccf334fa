"""What is to be refreshed, and as whom. Imports nothing heavy, for loads without Power BI."""

from dataclasses import dataclass

from pydantic import SecretStr

from config import Settings


@dataclass(frozen=True)
class Target:
    """A dataset of the Power BI service, and the service principal that may refresh it.

    service, sign_in: addresses; scope: of the token; patience: seconds that all of it may take.
    """

    workspace: str
    dataset: str
    tenant: str
    client_id: str
    client_secret: SecretStr
    patience: int
    service: str
    sign_in: str
    scope: str


def target_of(settings: Settings) -> Target | None:
    """Return what the settings name; None where they name nothing."""
    if not (settings.powerbi_workspace and settings.powerbi_dataset and settings.powerbi_tenant):
        return None
    if not (settings.powerbi_client_id and settings.powerbi_client_secret):
        return None
    return Target(
        workspace=settings.powerbi_workspace,
        dataset=settings.powerbi_dataset,
        tenant=settings.powerbi_tenant,
        client_id=settings.powerbi_client_id,
        client_secret=settings.powerbi_client_secret,
        patience=settings.powerbi_patience,
        service=settings.powerbi_service,
        sign_in=settings.powerbi_sign_in,
        scope=settings.powerbi_scope,
    )
