"""What a simulated Twilio account has: its keys, its numbers and its calls."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from voicetest.protocols.twilio import SIMULATED_ACCOUNT
from voicetest.simulators.twilio_call import API_VERSION, Call, Direction, rfc_2822
from voicetest.simulators.twilio_webhooks import Fetched

__all__ = ["Account", "Number"]

SID, TOKEN = SIMULATED_ACCOUNT
KEYS: Mapping[str, str] = {"SK" + "0" * 32: TOKEN}
NUMBERS = ("+15550100001", "+15550100002")
"""In a range that nobody has (NANPA, fictitious numbers)."""


@dataclass
class Number:
    """A number of the account: the IncomingPhoneNumber resource."""

    sid: str
    account_sid: str
    e164: str
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated: datetime = field(default_factory=lambda: datetime.now(UTC))
    settings: dict[str, str] = field(default_factory=dict)
    """What can be written, by its name in JSON; changes whenever it is written."""

    @property
    def webhook(self) -> Fetched | None:
        """What is asked when the number is called; an application wins over it."""
        url = self.settings.get("voice_url", "")
        if not url or self.settings.get("voice_application_sid"):
            return None
        return Fetched(url, self.settings.get("voice_method", "POST"))

    def as_json(self) -> dict[str, Any]:
        """As Twilio shows a number."""
        uri = f"/{API_VERSION}/Accounts/{self.account_sid}/IncomingPhoneNumbers/{self.sid}"
        shown: dict[str, Any] = {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "friendly_name": self.e164,
            "phone_number": self.e164,
            "voice_url": "",
            "voice_method": "POST",
            "voice_fallback_url": "",
            "voice_fallback_method": "POST",
            "voice_application_sid": "",
            "voice_caller_id_lookup": False,
            "voice_receive_mode": "voice",
            "date_created": rfc_2822(self.created),
            "date_updated": rfc_2822(self.updated),
            "sms_url": "",
            "sms_method": "POST",
            "sms_fallback_url": "",
            "sms_fallback_method": "POST",
            "sms_application_sid": "",
            "status_callback": "",
            "status_callback_method": "POST",
            "address_requirements": "none",
            "address_sid": None,
            "api_version": API_VERSION,
            "beta": False,
            "bundle_sid": None,
            "capabilities": {"fax": False, "mms": False, "sms": False, "voice": True},
            "emergency_address_sid": None,
            "emergency_address_status": "unregistered",
            "emergency_status": "Inactive",
            "identity_sid": None,
            "origin": "twilio",
            "status": "in-use",
            "subresource_uris": {"assigned_add_ons": f"{uri}/AssignedAddOns.json"},
            "trunk_sid": None,
            "type": "local",
            "uri": f"{uri}.json",
        }
        return shown | self.settings


class Account:
    """One account; what it has is numbered, so that the same calls have the same SIDs."""

    def __init__(
        self,
        sid: str = SID,
        token: str = TOKEN,
        keys: Mapping[str, str] = KEYS,
        numbers: tuple[str, ...] = NUMBERS,
    ) -> None:
        """`keys`: the secret of each API key."""
        self.sid = sid
        self.token = token
        self.numbers = tuple(
            Number(f"PN{place:032x}", sid, e164) for place, e164 in enumerate(numbers, 1)
        )
        self.calls: list[Call] = []
        """In the order in which they were placed."""
        self._secrets = {sid: token, **keys}
        self._streams = 0

    def lets_in(self, user: str, secret: str) -> bool:
        """Whether these are credentials of the account."""
        wanted = self._secrets.get(user)
        return wanted is not None and hmac.compare_digest(wanted.encode(), secret.encode())

    def number(self, e164: str) -> Number | None:
        """The account's own number of that name."""
        return next((number for number in self.numbers if number.e164 == e164), None)

    def new_call(
        self, from_: str, to: str, direction: Direction, parent: str | None = None
    ) -> Call:
        """A call that is queued."""
        of_us = self.number(to if direction is Direction.INBOUND else from_)
        call = Call(
            f"CA{len(self.calls) + 1:032x}",
            self.sid,
            from_,
            to,
            direction,
            parent,
            of_us.sid if of_us else "",
        )
        self.calls.append(call)
        return call

    def new_stream_sid(self) -> str:
        """The name of the next stream."""
        self._streams += 1
        return f"MZ{self._streams:032x}"
