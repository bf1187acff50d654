"""Where a request comes from, for whatever counts how often somebody asks."""

import ipaddress

from starlette.requests import Request


def address_of(request: Request) -> str:
    """As the server in front tells it; of IPv6 the network that one household has."""
    host = request.client.host if request.client is not None else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host or "-"
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)
