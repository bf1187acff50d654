"""node.json, read once at the start. What is wrong is said with the name of the key."""

import json
from collections import namedtuple

_DRIVER_KEYS = {
    "a02yyuw": ("series", "uart", "tx", "rx"),
    "ads1115": ("series", "i2c", "sda", "scl", "channel", "signal", "low_mm", "high_mm"),
    "battery": ("series", "adc", "ratio"),
    "bme280": ("i2c", "sda", "scl"),
    "jsn_sr04t": ("series", "trigger", "echo"),
    "maxbotix": ("series", "uart", "tx", "rx"),
    "pms5003": ("uart", "tx", "rx"),
    "solar": ("series", "adc", "ratio"),
    "switch": ("series", "pin", "rest"),
    "tipping_bucket": ("series", "pin"),
}
_POSITIVE = ("ratio", "shunt_ohm")
_NUMBERS = ("low_mm", "high_mm")
_CHOICES = {"signal": ("4-20mA", "0-5V"), "rest": (0, 1), "channel": (0, 1, 2, 3), "range_mm": (5000, 10000)}
_OPTIONAL = {"ads1115": ("address", "shunt_ohm", "ratio"), "bme280": ("address",), "maxbotix": ("range_mm",)}
_KEY_DIGITS = 64
_REALMS = ("ews", "latihan")
_ID_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-"

Settings = namedtuple(
    "Settings",
    (
        "node",
        "realm",
        "host",
        "port",
        "server_name",
        "password",
        "order_key",
        "seal",
        "ntp",
        "wifi",
        "sample_s",
        "sensors",
        "siren",
    ),
)
Wifi = namedtuple("Wifi", ("ssid", "password"))


class BadSettings(ValueError):
    """node.json cannot be used; the text names the key and what it should be."""


def load(path):
    """Read and check ``path``; raises BadSettings."""
    try:
        with open(path) as file:
            found = json.load(file)
    except OSError:
        raise BadSettings("%s is missing: copy it onto the node beside main.py" % path)
    except ValueError:
        raise BadSettings("%s is not JSON" % path)
    return read(found)


def read(found):
    """The settings of a decoded node.json; raises BadSettings."""
    _expect(isinstance(found, dict), "node.json", "an object")
    wifi = found.get("wifi", {})
    _expect(isinstance(wifi, dict), "wifi", "an object with ssid and password")
    sensors = found.get("sensors")
    _expect(isinstance(sensors, list) and sensors, "sensors", "an array with at least one sensor")
    for index, sensor in enumerate(sensors):
        _check_sensor(sensor, "sensors[%d]" % index)
    _expect(is_id(found.get("node")), "node", "3 to 32 of a-z, 0-9 and hyphen")
    _expect(found.get("realm") in _REALMS, "realm", "ews or latihan")
    return Settings(
        node=found["node"],
        realm=found["realm"],
        host=_text(found, "host"),
        port=_number(found, "port", 1, 65535),
        server_name=_text(found, "server_name"),
        password=_text(found, "password"),
        order_key=_order_key(found.get("order_key", "")),
        seal=_seal(found),
        ntp=_text(found, "ntp") if found.get("ntp") else "",
        wifi=Wifi(wifi.get("ssid", ""), wifi.get("password", "")),
        sample_s=_number(found, "sample_s", 5, 3600),
        sensors=sensors,
        siren=_siren(found.get("siren")),
    )


def is_id(text):
    return isinstance(text, str) and 3 <= len(text) <= 32 and all(letter in _ID_LETTERS for letter in text)


def _check_sensor(sensor, where):
    _expect(isinstance(sensor, dict), where, "an object with a driver")
    driver = sensor.get("driver")
    _expect(driver in _DRIVER_KEYS, where + ".driver", "one of " + ", ".join(sorted(_DRIVER_KEYS)))
    wanted = _DRIVER_KEYS[driver]
    for key in wanted + tuple(key for key in _OPTIONAL.get(driver, ()) if key in sensor):
        _check_value(sensor.get(key), key, where + "." + key)


def _check_value(value, key, where):
    if key == "series":
        _expect(isinstance(value, str) and value, where, "the name of a series")
    elif key in _CHOICES:
        choices = _CHOICES[key]
        is_right = value in choices and not isinstance(value, bool)
        _expect(is_right, where, "one of " + ", ".join(str(choice) for choice in choices))
    elif key in _POSITIVE:
        _expect(isinstance(value, (int, float)) and value > 0, where, "a positive number")
    elif key in _NUMBERS:
        _expect(isinstance(value, (int, float)) and not isinstance(value, bool), where, "a number")
    else:
        _expect(_is_whole(value) and value >= 0, where, "a whole number")


def _siren(wiring):
    if wiring is None:
        return None
    _expect(isinstance(wiring, dict), "siren", "an object with the pins horn and lamp")
    for key in ("horn", "lamp"):
        _expect(_is_whole(wiring.get(key)) and wiring[key] >= 0, "siren." + key, "a whole number")
    _expect(isinstance(wiring.get("active_low", False), bool), "siren.active_low", "true or false")
    return wiring


def _order_key(key):
    is_right = isinstance(key, str) and len(key) in (0, _KEY_DIGITS) and all(each in "0123456789abcdef" for each in key)
    _expect(is_right, "order_key", "%d hexadecimal digits" % _KEY_DIGITS)
    return key


def _seal(found):
    wanted = found.get("seal", False)
    _expect(isinstance(wanted, bool), "seal", "true or false")
    _expect(not wanted or found.get("order_key"), "order_key", "given, because seal is true")
    return wanted


def _text(found, key):
    value = found.get(key)
    _expect(isinstance(value, str) and value, key, "a text that is not empty")
    return value


def _number(found, key, low, high):
    value = found.get(key)
    _expect(_is_whole(value) and low <= value <= high, key, "a whole number from %d to %d" % (low, high))
    return value


def _is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _expect(is_right, key, wanted):
    if not is_right:
        raise BadSettings("node.json: %s must be %s" % (key, wanted))
