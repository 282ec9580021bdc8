"""Where connections go: origins, the proxy on the way to one, and whom TLS trusts."""

from __future__ import annotations

import ssl
import urllib.request
from urllib.parse import unquote, urlsplit

import certifi
import msgspec

from hive_tui.models.errors import failure
from hive_tui.models.network import is_loopback


class Origin(msgspec.Struct, frozen=True):
    """Scheme, host and port: what a key belongs to and what connections are shared by."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Origin:
        """Raises `CallError` of kind `url` when `url` has none."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host or parts.scheme not in ("http", "https"):
            raise failure("url", "the base URL is no http:// or https:// URL with a host")
        return cls(parts.scheme, host, port or (443 if parts.scheme == "https" else 80))


class Proxy(msgspec.Struct, frozen=True):
    """An HTTP proxy."""

    url: str
    """Without user and password."""
    auth: tuple[str, str] | None = None


def proxy_for(origin: Origin) -> Proxy | None:
    """The proxy that the environment names for an origin; never one for this machine itself.

    Raises `CallError` of kind `proxy` when it is no URL, or of a sort that is not supported.
    """
    if is_loopback(origin.host) or urllib.request.proxy_bypass(f"{origin.host}:{origin.port}"):
        return None
    named = urllib.request.getproxies()
    url = named.get(origin.scheme) or named.get("all")
    if not url:
        return None
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        hostname, port = parts.hostname, parts.port
    except ValueError:
        raise failure("proxy", "the proxy that the environment names is no URL with a host and a port") from None
    if parts.scheme not in ("http", "https") or not hostname:
        raise failure("proxy", f"the environment names a proxy of the sort {parts.scheme!r}; only HTTP proxies work")
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    host = f"[{hostname}]" if ":" in hostname else hostname
    port = port or (443 if parts.scheme == "https" else 80)
    return Proxy(f"{parts.scheme}://{host}:{port}", auth)


def trusted_context() -> ssl.SSLContext:
    """TLS 1.2 and up, verified against the system's certificates, or certifi's where the system has none."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    paths = ssl.get_default_verify_paths()
    if not context.cert_store_stats()["x509_ca"] and paths.cafile is None and paths.capath is None:
        context.load_verify_locations(certifi.where())
    context.set_alpn_protocols(["http/1.1", "h2"])
    return context
