"""Voltage of the solar panel, through a divider on an ADC pin. It goes to zero every evening, which is no news."""

from drivers import battery


class Driver(battery.Driver):
    def has_news(self):
        return False
