"""Whether a mail server or Telegram would take messages, asked without sending one."""

import smtplib
import ssl
from typing import Final

from alerting.channels.apprise_target import TIMEOUT_S, MailServer
from alerting.channels.single_attempt import MaybeSentError, NotSentError, SingleAttempt

TELEGRAM: Final = "https://api.telegram.org"


def email(server: MailServer) -> str | None:
    """Connects, secures and logs in; None when that works, else one sentence."""
    try:
        with _connected(server) as smtp:
            if server.username and server.password:
                smtp.login(server.username, server.password)
    except smtplib.SMTPAuthenticationError:
        return "Server surel menolak nama atau kata sandi: periksa channels.email."
    except ssl.SSLError:
        return "Sambungan aman ke server surel gagal: periksa channels.email.security dan sertifikatnya."
    except (OSError, smtplib.SMTPException):
        return "Server surel tidak terhubung: periksa jaringan dan channels.email.host."
    return None


def _connected(server: MailServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.security == "ssl":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
    smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
    if server.security == "starttls":
        try:
            smtp.starttls(context=context)
        except BaseException:
            smtp.close()
            raise
    return smtp


def telegram(token: str, *, api_base: str = TELEGRAM) -> str | None:
    """Asks the bot who it is; None when it answers, else one sentence that does not hold the token."""
    try:
        answer = SingleAttempt(api_base, timeout_s=TIMEOUT_S).request("GET", f"/bot{token}/getMe", headers={})
    except (NotSentError, MaybeSentError) as error:
        return f"Telegram tidak terhubung: {error}."
    if answer.status in (401, 404):
        return "Telegram menolak token bot: periksa channels.telegram.token_file."
    return None if answer.status == 200 else f"Telegram sedang terganggu (HTTP {answer.status})."
