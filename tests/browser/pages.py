"""Pages that people look at as screenshots: each by a name, with its path and whose eyes it is seen with."""

from typing import Final

from alerting.web.access import Role

# Drawn from what core tells: in every state of the scenes.
PAGES: Final[dict[str, tuple[str, Role | None]]] = {
    "ruang": ("/", "approver"),
    "dinding": ("/?layar=penuh", "viewer"),
    "keputusan": ("/keputusan", "approver"),
    "galat": ("/tidak-ada", "operator"),
}
# Asked of core and its journal: in the states of a real core. Who logs in; empty: nobody.
HOUSE_PAGES: Final[dict[str, tuple[str, str]]] = {
    "masuk": ("/masuk", ""),
    "publik": ("/publik", ""),
    "publik-kelurahan": ("/publik/35.75.01.1001", ""),
    "data-terbuka": ("/data", ""),
    "langganan": ("/langganan", ""),
    "akun": ("/akun", "Sari"),
    "stasiun": ("/stasiun", "Sari"),
    "stasiun-welang": ("/stasiun/welang", "Sari"),
    "peringatan": ("/peringatan", "Sari"),
    "peringatan-welang": ("/peringatan/welang.level.1", "Rini"),
    "laporan-kejadian": ("/peringatan/welang.level.1/laporan", "Rini"),
    "pemberitahuan": ("/pemberitahuan/{notice}", "Rini"),
    "keputusan-baru": ("/keputusan/baru", "Rini"),
    "laporan-jaga": ("/laporan", "Sari"),
    "teknisi": ("/teknisi", "Budi"),
    "teknisi-node": ("/teknisi/wl-01", "Budi"),
    "pasang": ("/pemasangan", "Budi"),
    "kelola": ("/kelola", "Kepala"),
    "kelola-penerima": ("/kelola/penerima", "Kepala"),
    "kelola-stasiun": ("/kelola/stasiun/welang", "Kepala"),
    "kelola-node": ("/kelola/node", "Kepala"),
    "kelola-saluran": ("/kelola/saluran", "Kepala"),
    "kelola-pengguna": ("/kelola/pengguna", "Kepala"),
    "kelola-catatan": ("/kelola/audit", "Kepala"),
    "kelola-aturan": ("/kelola/stasiun/welang/aturan", "Kepala"),
    "kelola-jadwal": ("/kelola/jadwal", "Kepala"),
    "kelola-kebijakan": ("/kelola/kebijakan", "Kepala"),
    "kelola-latihan": ("/kelola/latihan", "Kepala"),
    "kelola-wilayah": ("/kelola/wilayah", "Kepala"),
    "kelola-kesehatan": ("/kelola/kesehatan", "Kepala"),
}
