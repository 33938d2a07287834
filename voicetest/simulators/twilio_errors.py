"""How Twilio's REST interface refuses a request (its error dictionary)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse

__all__ = ["Refused", "refusal"]


class Refused(Exception):
    """A request that is refused, with Twilio's code."""

    def __init__(self, code: int, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST):
        super().__init__(message)
        self.code = code
        self.status = status


def refusal(error: Refused, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer that says so."""
    body = {
        "code": error.code,
        "message": str(error),
        "more_info": f"https://www.twilio.com/docs/errors/{error.code}",
        "status": int(error.status),
    }
    return JSONResponse(body, error.status, headers)
