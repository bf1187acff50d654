"""Opens the ways out that the settings name. What is not configured is not even imported."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from alerting.channels.demo import DemoChannel
from alerting.channels.port import Channel
from broker.clock import Clock
from deploy import secret_file
from deploy.channels.settings import CALLBACK, Email, Telegram, Twilio
from deploy.settings import BadSettings, Settings
from deploy.state_folder import StateFolder

if TYPE_CHECKING:
    from collections.abc import Callable

    from alerting.channels.apprise_channel import AppriseChannel
    from alerting.channels.gammu import GammuChannel
    from alerting.channels.gammu_modem import Modem
    from alerting.channels.twilio import TwilioChannel
    from alerting.channels.twilio_callback import TwilioCallback


def channels_of(settings: Settings, state: StateFolder, clock: Clock, *, base: Path) -> dict[str, Channel]:
    """The configured channels, in the order in which a message is tried; raises BadSettings.

    A real channel refuses a scaled clock: its times would be lies.
    """
    chosen = settings.channels
    real = [name for name in chosen.names() if name != "demo"]
    if clock.is_scaled and real:
        raise BadSettings(
            f"channels.{real[0]}: a real channel does not work under a scaled clock (speed {clock.speed:g}); "
            "take --speed away or use the demo channel"
        )
    channels: dict[str, Channel] = {}
    if chosen.twilio is not None:
        channels["twilio"] = _twilio(chosen.twilio, base, clock)
    if chosen.modems:
        channels["modem"] = _gammu(settings, state, base, clock)
    if chosen.telegram is not None:
        channels["telegram"] = _telegram(chosen.telegram, state, base, clock)
    if chosen.email is not None:
        channels["email"] = _email(chosen.email, state, base, clock)
    if chosen.webhook:
        channels["webhook"] = _webhook(state, clock)
    if chosen.demo:
        channels["demo"] = DemoChannel(state.demo_messages)
    return channels


def modems_of(settings: Settings, state: StateFolder) -> "list[Modem]":
    """The GSM modems of the settings; touches no file."""
    from alerting.channels.gammu_modem import Modem  # noqa: PLC0415

    return [
        Modem(
            name=modem.name,
            folder=state.modems.absolute() / modem.name,
            rate_per_minute=modem.rate_per_minute,
            with_reports=modem.delivery_reports,
        )
        for modem in settings.channels.modems
    ]


def write_modem_configs(settings: Settings, state: StateFolder, *, base: Path) -> "list[Modem]":
    """Folder, smsd.conf and start script of each modem; raises BadSettings."""
    from alerting.channels import gammu_config  # noqa: PLC0415

    modems = modems_of(settings, state)
    for modem, chosen in zip(modems, settings.channels.modems, strict=True):
        key = f"channels.modems ({modem.name})"
        pin = secret_file.read(base / chosen.pin_file, f"{key}.pin_file") if chosen.pin_file else None
        if pin is not None and not pin.isdecimal():
            raise BadSettings(f"{key}.pin_file: {chosen.pin_file} must hold the digits of the PIN alone")
        line = gammu_config.Line(
            device=chosen.device,
            connection=chosen.connection,
            pin=pin,
            validity_minutes=chosen.validity_minutes,
        )
        try:
            gammu_config.write(modem, line)
        except (OSError, ValueError) as error:
            raise BadSettings(f"{key}: {error}") from None
    return modems


def twilio_callback(settings: Settings, *, base: Path) -> "TwilioCallback | None":
    """What checks Twilio's reports; None when none are asked for. Raises BadSettings."""
    chosen = settings.channels.twilio
    if chosen is None or not chosen.public_url:
        return None
    from alerting.channels.twilio_callback import TwilioCallback  # noqa: PLC0415

    token = secret_file.read(base / chosen.token_file, "channels.twilio.token_file")
    return TwilioCallback(url=_callback_url(chosen), account_sid=chosen.account_sid, auth_token=token)


def _callback_url(settings: Twilio) -> str:
    return settings.public_url.rstrip("/") + CALLBACK


def _twilio(settings: Twilio, base: Path, clock: Clock) -> "TwilioChannel":
    from alerting.channels.twilio import TwilioChannel  # noqa: PLC0415

    is_service = settings.sender.startswith("MG")
    try:
        return TwilioChannel(
            account_sid=settings.account_sid,
            auth_token=secret_file.read(base / settings.token_file, "channels.twilio.token_file"),
            from_number=None if is_service else settings.sender,
            messaging_service_sid=settings.sender if is_service else None,
            max_parallel=settings.max_parallel,
            rate_per_s=settings.messages_per_s,
            status_callback=_callback_url(settings) if settings.public_url else None,
            now=clock.now,
            api_base=settings.api_base,
        )
    except ValueError as error:
        raise BadSettings(f"channels.twilio: {error}") from None


def _gammu(settings: Settings, state: StateFolder, base: Path, clock: Clock) -> "GammuChannel":
    from alerting.channels.gammu import GammuChannel  # noqa: PLC0415

    needed = {"gammu-smsd": True, "gammu": any(modem.credit_code for modem in settings.channels.modems)}
    for program, is_needed in needed.items():
        if is_needed and shutil.which(program) is None:
            raise BadSettings(f"channels.modems: the program {program} is missing: apt-get install {program}")
    return GammuChannel(write_modem_configs(settings, state, base=base), now=clock.now)


def _telegram(settings: Telegram, state: StateFolder, base: Path, clock: Clock) -> "AppriseChannel":
    from alerting.channels import apprise_channel, apprise_probe, apprise_target  # noqa: PLC0415

    token = secret_file.read(base / settings.token_file, "channels.telegram.token_file")
    return _apprise(
        apprise_channel.AppriseChannel,
        name="telegram",
        takes="telegram",
        target=apprise_target.telegram(token),
        probe=lambda: apprise_probe.telegram(token),
        folder=state.channel_records / "telegram",
        now=clock.now,
    )


def _email(settings: Email, state: StateFolder, base: Path, clock: Clock) -> "AppriseChannel":
    from alerting.channels import apprise_channel, apprise_probe, apprise_target  # noqa: PLC0415

    file = settings.password_file
    server = apprise_target.MailServer(
        host=settings.host,
        port=settings.port or {"starttls": 587, "tls": 465, "none": 25}[settings.security],
        security={"starttls": "starttls", "tls": "ssl", "none": "insecure"}[settings.security],
        sender=settings.sender,
        username=settings.username,
        password=secret_file.read(base / file, "channels.email.password_file") if file else None,
    )
    return _apprise(
        apprise_channel.AppriseChannel,
        name="email",
        takes="email",
        target=apprise_target.email(server),
        probe=lambda: apprise_probe.email(server),
        folder=state.channel_records / "email",
        now=clock.now,
    )


def _webhook(state: StateFolder, clock: Clock) -> "AppriseChannel":
    from alerting.channels import apprise_channel, apprise_target  # noqa: PLC0415

    return _apprise(
        apprise_channel.AppriseChannel,
        name="webhook",
        takes="url",
        target=apprise_target.webhook,
        folder=state.channel_records / "webhook",
        now=clock.now,
    )


def _apprise(make: "Callable[..., AppriseChannel]", **options: object) -> "AppriseChannel":
    try:
        return make(**options)
    except OSError as error:
        raise BadSettings(f"channels.{options['name']}: its folder cannot be made: {error}") from None
