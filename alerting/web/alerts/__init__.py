"""Alerts of any age: the list, one alert with its timetable, and the report after it."""
