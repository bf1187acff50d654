"""node.json, read once at the start. What is wrong is said with the name of the key."""

import json
from collections import namedtuple

_DRIVER_KEYS = {
    "a02yyuw": ("series", "uart", "tx", "rx"),
    "pms5003": ("uart", "tx", "rx"),
    "bme280": ("i2c", "sda", "scl"),
    "tipping_bucket": ("series", "pin"),
    "battery": ("series", "adc", "ratio"),
}
_REALMS = ("ews", "latihan")
_ID_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-"

Settings = namedtuple(
    "Settings", ("node", "realm", "host", "port", "server_name", "password", "wifi", "sample_s", "sensors")
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
        wifi=Wifi(wifi.get("ssid", ""), wifi.get("password", "")),
        sample_s=_number(found, "sample_s", 5, 3600),
        sensors=sensors,
    )


def is_id(text):
    return isinstance(text, str) and 3 <= len(text) <= 32 and all(letter in _ID_LETTERS for letter in text)


def _check_sensor(sensor, where):
    _expect(isinstance(sensor, dict), where, "an object with a driver")
    driver = sensor.get("driver")
    _expect(driver in _DRIVER_KEYS, where + ".driver", "one of " + ", ".join(sorted(_DRIVER_KEYS)))
    for key in _DRIVER_KEYS[driver]:
        if key == "series":
            _expect(isinstance(sensor.get(key), str) and sensor[key], where + ".series", "the name of a series")
        elif key == "ratio":
            is_right = isinstance(sensor.get(key), (int, float)) and sensor[key] > 0
            _expect(is_right, where + ".ratio", "a positive number")
        else:
            _expect(_is_whole(sensor.get(key)) and sensor[key] >= 0, where + "." + key, "a whole number")


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
