"""The dead-man's switch: a process of its own that notices when the installation warns nobody any more.

A watch (pengawas) sends a beat every few seconds as a node does. Core carries each to the end of the warning chain: the
turn, the journal, the outbox, the sender's thread of each channel, the channel's own probe; and answers when that is on
disk. A watch that misses its answers alarms by channels of its own.
"""
