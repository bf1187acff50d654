"""The way in for loggers that stood there before us: Modbus, files of CSV, HTTP push.

Of each logger: source -> ring -> MQTT -> application ACK -> freed. One thread, one ring and one connection with its own
credential a logger, so that one that hangs holds up nobody else. On the wire it is a node like any other.
"""
