"""Where a cluster is: the address of its scheduler, and whether it may be used."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from guide.diagnostics.calling import install
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error

VARIABLE = "GUIDE_SCHEDULER"
OPTION = "--jobs"


@dataclass(frozen=True)
class Cluster:
    """A scheduler's address, `tcp://HOST:PORT` or `tls://HOST:PORT`.

    With `insecure`, a connection without TLS may leave this machine.
    """

    address: str
    insecure: bool = False


def parse(text: str) -> str:
    """Return the address of a scheduler; raises ValueError."""
    parts = urlsplit(text.strip())
    try:
        whole = parts.scheme in {"tcp", "tls"} and parts.hostname and parts.port
    except ValueError:  # a port that is not a number
        whole = False
    if not whole or parts.path.strip("/") or parts.query or "@" in parts.netloc:
        raise ValueError(
            f"{text!r}: write tcp://HOST:PORT or tls://HOST:PORT, as `dask scheduler` prints it"
        )
    return f"{parts.scheme}://{parts.netloc}"


def check(cluster: Cluster) -> None:
    """Raise GuideError if the library is missing, or the connection would leave this machine without TLS."""
    if importlib.util.find_spec("distributed") is None:
        message = "jobs on a cluster need the library `distributed`"
        hint = f"Install it: `{install('cluster')}`."
        raise GuideError(error("missing-extra", message, Place(OPTION), hint))
    if not cluster.insecure and is_open(cluster.address):
        raise GuideError(insecure(cluster.address, "the scheduler"))


def is_open(address: str) -> bool:
    """Return whether an address is reached without TLS, and not on this machine alone."""
    parts = urlsplit(address)
    return parts.scheme != "tls" and not _loopback(parts)


def insecure(address: str, what: str) -> Diagnostic:
    """Return the error for a connection without TLS that leaves this machine."""
    message = f"{what} at {address} has no TLS: anyone who reaches that port can run programs there"
    hint = (
        "Use tls://HOST:PORT with certificates, or start `dask scheduler` and `dask worker` with "
        "--host 127.0.0.1 (docs/cluster.md). `--insecure-cluster` allows it on a network you trust."
    )
    return error("cluster-insecure", message, Place(OPTION), hint)


def _loopback(parts: SplitResult) -> bool:
    """Return whether all addresses of a host are this machine's own."""
    import ipaddress
    import socket

    host = parts.hostname or ""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        pass
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(host, None)}
    except OSError:  # an unknown host is reported when it is connected to
        return host == "localhost"
    return all(ipaddress.ip_address(str(each).partition("%")[0]).is_loopback for each in found)
