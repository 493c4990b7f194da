"""The suite that every auth backend passes."""

import pytest
from userkit_auth_proxy import ProxySettings, proxy, sign

from tests.world import KEY
from userkit.testing import AuthBackendConformance, IssueCredential


class TestProxy(AuthBackendConformance):
    """Accounts that an administrator has opened: their addresses need no confirmation."""

    plugin = proxy
    settings = ProxySettings(key=KEY, unconfirmed=True)

    @pytest.fixture
    def issue(self) -> IssueCredential:
        """Let the proxy say who somebody is."""
        return lambda holder: sign(holder.user.email, realm=holder.realm, key=KEY, at=holder.now)
