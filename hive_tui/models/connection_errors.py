"""What the failures of a connection mean to a person: which of the errors each one is, and what to do about it."""

from __future__ import annotations

import httpcore
import msgspec

from hive_tui.models.call import CallError, Endpoint
from hive_tui.models.errors import clean, failure
from hive_tui.models.network import DnsError, TlsError, is_loopback
from hive_tui.models.origins import Origin

CONNECTION_ERRORS = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)
"""What httpcore raises when no answer can be read."""

NO_TLS = "If the server speaks plain HTTP, its URL begins with http://."
_NO_ANSWER = "Try again; if it happens each time, check the port and whether the URL should begin with https://."


def explained(
    exc: Exception, endpoint: Endpoint, secret: str | None, *, proxied: bool = False, connected: bool = False
) -> CallError:
    """A failure of the network as an error. h11 quotes what the server sent, which may be our own key.

    `proxied` when the connection was one to a proxy; `connected` when the request was on its way.
    """
    told = clean(str(exc), secret)
    if isinstance(exc, TlsError):
        if exc.untrusted:
            return failure("tls", told)
        return failure("tls", f"the TLS handshake failed: {told}", advice=NO_TLS)
    if isinstance(exc, httpcore.ConnectError) and proxied:
        return failure("proxy", f"the proxy cannot be reached: {told}")
    if isinstance(exc, DnsError):
        return failure("dns", told)
    if isinstance(exc, httpcore.ConnectError):
        # Nothing on this machine comes up within a few back-offs; a person who forgot to start it wants to know now.
        return failure("connect", told, retryable=not is_loopback(Origin.of(endpoint.base_url).host))
    if isinstance(exc, httpcore.ProxyError):
        return failure("proxy", f"the proxy refused the connection: {told}")
    if isinstance(exc, httpcore.RemoteProtocolError):
        if "without sending a response" in told:
            return failure("reset", "the server closed the connection without an answer", advice=_NO_ANSWER)
        if "without sending" in told:
            return failure("reset", "the server closed the connection in the middle of its answer")
        return failure("protocol", f"the server does not speak HTTP as it should: {told}")
    if isinstance(exc, httpcore.NetworkError):
        return failure("reset", "the connection was lost" + (" in the middle of the call" if connected else ""))
    if isinstance(exc, httpcore.LocalProtocolError):
        return failure("protocol", "the request could not be put into HTTP; check the endpoint's extra headers")
    return failure("url", "the base URL cannot be used")


def about_the_key(error: CallError, endpoint: Endpoint) -> CallError:
    """A rejected key is named by its place, or its absence is said; never the key itself."""
    if error.info.kind != "auth":
        return error
    where = f"Check the key in {endpoint.key_name}: it is missing, wrong or no longer valid."
    if not endpoint.key_name:
        where = "No key was sent: name the variable that holds it with --key-env, or as key_env in the profile."
    error.info = msgspec.structs.replace(error.info, advice=where)
    return error
