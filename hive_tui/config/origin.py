"""Origins of URLs: what decides which endpoint a key belongs to.

Two URLs have one origin when scheme, host and port are equal (RFC 6454); here the host is lower-case and in its ASCII
form, and the port always written. What could be read in two ways is refused: a key must not depend on who reads.
"""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

PORTS = {"http": 80, "https": 443}
DEVIANT = frozenset("\u00df\u03c2\u200c\u200d\u1e9e")
"""Characters that IDNA of 2003 and of 2008 take to different hosts (UTS #46, section 7)."""


class BadUrl(ValueError):
    """No base URL that a request can be sent to; the text says what it should be."""


def origin(url: str) -> str:
    """Such as `https://api.openai.com:443`. Raises BadUrl, whose text never repeats a password."""
    parts = _split(url)
    port = _port(parts)
    return f"{parts.scheme}://{_ascii_host(parts)}:{PORTS[parts.scheme] if port is None else port}"


def host(url: str) -> str:
    """The host alone, in its ASCII form; an IPv6 address stands in brackets. Raises BadUrl."""
    return _ascii_host(_split(url))


def _split(url: str) -> SplitResult:
    if any(ord(char) <= 0x20 or char in '\\<>"`{}|^\x7f' for char in url):
        raise BadUrl("expected a URL without blanks, backslashes and control characters, such as https://host/v1")
    try:
        parts = urlsplit(url)
        hostname = parts.hostname
    except ValueError as error:
        raise BadUrl(f"expected a URL such as https://host/v1 ({error})") from error
    if parts.scheme not in PORTS or not hostname:
        raise BadUrl("expected a URL that begins with https:// or http:// and a host, such as https://host/v1")
    if "@" in parts.netloc:
        raise BadUrl(
            "a name or password has no place in a URL; put the key into a variable and name that: --key-env NAME"
        )
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise BadUrl("expected the base alone, without ? and #: what goes behind it is added")
    return parts


def _port(parts: SplitResult) -> int | None:
    text = parts.netloc.rpartition("]")[2].partition(":")[2]
    if not text and not parts.netloc.endswith(":"):
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise BadUrl(f"expected a port from 1 to 65535, got {text!r}")
    return int(text)


def _ascii_host(parts: SplitResult) -> str:
    name = (parts.hostname or "").lower()
    if parts.netloc.startswith("["):
        import ipaddress

        try:
            return f"[{ipaddress.IPv6Address(name)}]"
        except ValueError as error:
            raise BadUrl(f"expected an IPv6 address between the brackets, got {name!r}") from error
    if DEVIANT.intersection(parts.netloc):
        raise BadUrl(f"write the host {name!r} in its xn-- form: it stands for two different hosts")
    try:
        name = name.encode("idna").decode().lower()
    except UnicodeError as error:
        raise BadUrl(f"{name!r} is no name of a host") from error
    if not all(char.isalnum() or char in "-._" for char in name) or ".." in name or name.startswith("."):
        raise BadUrl(f"{name!r} is no name of a host")
    return name
