"""What is to be refreshed or published, and as whom. Imports nothing heavy, for loads without Power BI."""

from dataclasses import dataclass, replace

from pydantic import SecretStr

from config import Settings


@dataclass(frozen=True)
class Target:
    """A dataset of the Power BI service, and the service principal that may refresh it.

    dataset: "" where none is named; service, sign_in, fabric: addresses; scope: of the token; patience: seconds that
    all of it may take.
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
    fabric: str = "https://api.fabric.microsoft.com"

    @property
    def of_fabric(self) -> "Target":
        """The same with tokens for Fabric, which holds the definitions of models and reports."""
        return replace(self, scope=f"{self.fabric}/.default")


def target_of(settings: Settings) -> Target | None:
    """Return the dataset that the settings name; None where they name none."""
    account = account_of(settings)
    return account if account and account.dataset else None


def account_of(settings: Settings) -> Target | None:
    """Return the workspace that the settings name, with the dataset, if any; None where they name no workspace."""
    if not (settings.powerbi_workspace and settings.powerbi_tenant):
        return None
    if not (settings.powerbi_client_id and settings.powerbi_client_secret):
        return None
    return Target(
        workspace=settings.powerbi_workspace,
        dataset=settings.powerbi_dataset or "",
        tenant=settings.powerbi_tenant,
        client_id=settings.powerbi_client_id,
        client_secret=settings.powerbi_client_secret,
        patience=settings.powerbi_patience,
        service=settings.powerbi_service,
        sign_in=settings.powerbi_sign_in,
        scope=settings.powerbi_scope,
        fabric=settings.powerbi_fabric,
    )
