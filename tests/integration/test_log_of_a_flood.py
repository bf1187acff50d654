"""The log of the real core through a flood with a failing provider: an object a line, and nobody's number in it."""

import json
import re
from pathlib import Path

from deploy.assembly import credentials_of
from tests.emulators.twilio_process import TwilioProcess
from tests.installation import Installation, SimpleNode, eventually

JSON = '[log]\nformat = "json"\nlevel = "debug"\n'
TAKEN = "SELECT count(*) FROM outbox WHERE state IN ('accepted', 'delivered')"
NUMBER = re.compile(r"(?:\+?62|0)8\d{7,11}")


def test_a_flood_leaves_no_number_and_no_secret_in_the_log(tmp_path: Path) -> None:
    """At debug, with an error of the provider, and a message that cannot be read."""
    token = tmp_path / "twilio.token"
    with TwilioProcess(tmp_path / "posts.jsonl") as provider:
        token.write_text(provider.auth_token)
        token.chmod(0o600)
        channels = (
            f'[channels.twilio]\naccount_sid = "{provider.account_sid}"\ntoken_file = "{token}"\n'
            f'sender = "{provider.from_number}"\napi_base = "{provider.base_url}"\n'
        )
        with Installation(channels=channels, officers=2, more=JSON) as installation:
            installation.start()
            node = SimpleNode(installation, "node-a", password := installation.new_node("node-a"))
            provider.fail("error", times=1)
            for level in (3.0, 3.6, 3.6, 4.6, 4.6):
                node.level(level)
            eventually(lambda: [(4,)] == installation.rows(TAKEN), "four messages")
            node.client.publish("ews/v1/node-a/obs", b"rusak +6281200000001", qos=1).wait_for_publish(60)
            eventually(lambda: installation.status()["counters"].get("dead_letters"), "a dead letter")
            node.close()
            installation.kill("core", 15)
            lines = installation.core_log.read_text().splitlines()
            credentials = credentials_of(installation.state)
            secrets = {provider.auth_token, password, *map(credentials.service_password, ("core", "probe"))}
    told = [json.loads(line) for line in lines]
    assert {"core"} == {each["process"] for each in told}
    assert "connected to the broker" in {each["message"] for each in told}
    assert [] == [line for line in lines if NUMBER.search(line) or any(secret in line for secret in secrets)]
