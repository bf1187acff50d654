"""Battery voltage through a divider on an ADC pin."""

from machine import ADC, Pin

_READS = 16


class Driver:
    def __init__(self, config):
        self.series = (config["series"],)
        self._ratio = config["ratio"]
        self._adc = ADC(Pin(config["adc"]), atten=ADC.ATTN_11DB)

    async def read(self):
        """mV at the battery, the mean of several reads: the ESP32's converter is noisy."""
        microvolts = sum(self._adc.read_uv() for _ in range(_READS)) / _READS
        return {self.series[0]: round(microvolts * self._ratio / 1000)}, {}
