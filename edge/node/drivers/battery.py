"""Battery voltage through a divider on an ADC pin."""

from machine import ADC, Pin

_READS = 16
_THERE_MV = 1000  # less is a battery that is gone already


class Driver:
    def __init__(self, config):
        self.series = (config["series"],)
        self._ratio = config["ratio"]
        self._adc = ADC(Pin(config["adc"]), atten=ADC.ATTN_11DB)
        self._told = None

    async def read(self):
        """mV at the battery, the mean of several reads: the ESP32's converter is noisy."""
        microvolts = sum(self._adc.read_uv() for _ in range(_READS)) / _READS
        self._told = round(microvolts * self._ratio / 1000)
        return {self.series[0]: self._told}, {}

    def has_news(self):
        """Whether less than half of the last voltage is left: no battery empties so fast, somebody took it away."""
        return (self._told or 0) >= _THERE_MV and self._adc.read_uv() * self._ratio < self._told * 500
