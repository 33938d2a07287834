"""What the door to an agent wants to see: further headers and parameters of a request."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, SecretStr

from voicetest.adapters.addresses import Header, HeaderName, Parameter
from voicetest.adapters.base import Adapter
from voicetest.adapters.dialling import with_query
from voicetest.scenario.values import Text

__all__ = ["Doors"]


class Doors(Adapter):
    """An adapter that makes a request of its own; values are secrets, wherever they come from."""

    headers: dict[HeaderName, Header] = Field(
        default_factory=dict,
        description="Further headers of the request, for a gateway or another kind of key: "
        "{api-key: '${env.AZURE_KEY}'}.",
    )
    query: dict[Text, Parameter] = Field(
        default_factory=dict, description="Parameters that are added to the address."
    )

    def has_header(self, *names: str) -> bool:
        """Whether any header of these names, given in small letters, is to be sent."""
        return any(name.lower() in names for name in self.headers)

    def sent_headers(self, own: Mapping[str, SecretStr]) -> dict[str, SecretStr]:
        """The adapter's own headers, but for those that the scenario gives itself, and those."""
        kept = {name: value for name, value in own.items() if not self.has_header(name.lower())}
        return {**kept, **self.headers}

    def through(self, url: str) -> str:
        """An address with the parameters of the scenario added to its own."""
        return with_query(url, self.query)
