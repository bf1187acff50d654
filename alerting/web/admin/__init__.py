"""Administration: people, areas, rota, stations, nodes, rules, channels, drills, users, the audit log, health."""
