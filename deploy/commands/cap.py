"""kentongan cap: what was published as CAP, the bulletin to read aloud, and BMKG's warnings as they are understood."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cryptography import x509

from alerting.cap_check import faults
from alerting.cap_in import BadDocument, Nowcast, nowcast, standing
from alerting.cap_signature import BadSignature, verify
from alerting.nowcasts import matched
from broker.clock import Clock
from deploy.cap.nowcast import names
from deploy.cap.nowcast_fetch import FetchFailed, NowcastFetch
from deploy.cap.places import CapPlaces
from deploy.commands.alert_text import moment
from deploy.commands.common import Refused, add_settings, ask, open_settings
from deploy.registry.areas import Area, Areas
from deploy.settings import is_feed_address


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listed = verbs.add_parser("list", help="list published messages, the newest first; * stands in the feed now")
    listed.add_argument("--limit", type=int, default=50, metavar="N", help="at most so many (50)")
    show = verbs.add_parser("show", help="print a message as it was published")
    show.add_argument("identifier", metavar="ID", help="as kentongan cap list prints it")
    check = verbs.add_parser("validate", help="say what is wrong with a CAP message")
    check.add_argument("file", metavar="FILE|ID", help="a file, - for standard input, or a published message")
    check.add_argument("--certificate", type=Path, metavar="PEM", help="also check that its holder signed it")
    spoken = verbs.add_parser("bulletin", help="print what to read aloud now, on the radio or from the mosque")
    fetch = verbs.add_parser("fetch", help="fetch BMKG's warnings once and print which areas they touch")
    fetch.add_argument("--url", help="instead of nowcast.url")
    fetch.add_argument("--file", type=Path, action="append", help="CAP messages in files, instead of fetching")
    for each in (listed, show, check, spoken, fetch):
        add_settings(each)


def run(args: argparse.Namespace) -> int:
    verbs = {"list": _list, "show": _show, "validate": _validate, "bulletin": _bulletin, "fetch": _fetch}
    return verbs[args.verb](args)


def _list(args: argparse.Namespace) -> int:
    settings, _, _ = open_settings(args)
    messages = ask(args, "cap-list", {"limit": args.limit})
    print("\n".join(_line(each, settings.site.timezone) for each in messages) or "no CAP message was published")
    return 0


def _line(message: dict[str, Any], zone: str) -> str:
    mark = "*" if message["stands"] else " "
    status = message["status"] or "not written yet"
    return (
        f"{mark} {moment(message['sent'], zone)}  {message['type']:<7} {status:<9} {message['identifier']}\n"
        f"    {message['headline']}"
    ).rstrip()


def _show(args: argparse.Namespace) -> int:
    print(ask(args, "cap-show", {"identifier": args.identifier})["document"], end="")
    return 0


def _validate(args: argparse.Namespace) -> int:
    document = _document(args)
    found = faults(document)
    if args.certificate is not None:
        found += _signature_faults(document, args.certificate)
    for fault in found:
        print(f"{args.file}: {fault}")
    if not found:
        print(f"{args.file}: a CAP 1.2 message without faults")
    return 1 if found else 0


def _signature_faults(document: bytes, path: Path) -> list[str]:
    try:
        certificate = x509.load_pem_x509_certificate(_read(path))
    except ValueError:
        raise Refused(f"{path}: no certificate in PEM; fetch it from /cap/certificate.pem of the sender") from None
    try:
        verify(document, certificate)
    except BadSignature as error:
        return [f"signature: {error}"]
    return []


def _document(args: argparse.Namespace) -> bytes:
    if args.file == "-":
        return sys.stdin.buffer.read()
    path = Path(args.file)
    if path.suffix == ".xml" or path.exists():
        return _read(path)
    document: str = ask(args, "cap-show", {"identifier": args.file})["document"]
    return document.encode()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"{path}: cannot be read: {error.strerror}") from None


def _bulletin(args: argparse.Namespace) -> int:
    print("\n\n".join(ask(args, "cap-bulletin", {})["paragraphs"]))
    return 0


def _fetch(args: argparse.Namespace) -> int:
    settings, _, _ = open_settings(args)
    found = _of_files(args.file) if args.file else _of_feed(args.url or settings.nowcast.url)
    counted = standing(found, Clock().now())
    areas = _areas(args)
    touching = matched(counted, dict(CapPlaces(areas).all()))
    for each in touching:
        _print(each.nowcast, names(each.areas, areas), settings.site.timezone)
    print(f"{len(found)} messages, {len(counted)} that count now, {len(touching)} of them here")
    return 0


def _areas(args: argparse.Namespace) -> Areas:
    """As core has them, imported polygons included."""
    listed = ask(args, "area-list", {})
    codes = [each["code"] for each in listed if each["has_polygon"]]
    more = (ask(args, "area-show", {"code": code})["area"] for code in codes)
    return Areas(Area(**area) for area in more)


def _of_files(files: Iterable[Path]) -> tuple[Nowcast, ...]:
    found = []
    for path in files:
        try:
            found.append(nowcast(_read(path)))
        except BadDocument as error:
            raise Refused(f"{path}: {error}") from None
    return tuple(found)


def _of_feed(url: str) -> tuple[Nowcast, ...]:
    if not url:
        raise Refused("nowcast.url is not set; write it into the settings file, or give --url")
    if not is_feed_address(url):
        raise Refused(f"{url!r} must begin with https://")
    fetch = NowcastFetch(url)
    try:
        found = fetch.poll()
    except FetchFailed as error:
        raise Refused(f"{url}: {error}") from None
    for fault in fetch.faults:
        print(f"left out: {fault}", file=sys.stderr)
    return found


def _print(warning: Nowcast, areas: list[str], zone: str) -> None:
    span = f"{moment(warning.onset, zone)} - {moment(warning.expires, zone)}"
    print(f"{span}  {warning.event} ({warning.sender_name or warning.sender})\n    {', '.join(areas)}")
