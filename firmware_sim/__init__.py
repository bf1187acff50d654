"""The simulated field: the unchanged firmware of ``edge/node`` over fake hardware, rivers, rain and air."""
