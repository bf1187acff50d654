"""Who may do what: every route with the roles that may use it, and who a request comes from.

A route without a line here is refused to everybody; a test builds the table from the application's routes and fails on
one that is missing, or on a line for a route that is not there.
"""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from alerting.users import ROLES, Role

__all__ = ["NOBODY", "ROLES", "ROUTES", "Role", "Visitor", "is_for_programs", "visitor_of"]

Allowed = frozenset[Role] | None
"""The roles; None: everybody, without a login."""

ANYONE: Final[Allowed] = None
STAFF: Final[Allowed] = frozenset(ROLES)
DUTY: Final[Allowed] = frozenset(("operator", "approver"))  # acts on warnings
APPROVERS: Final[Allowed] = frozenset(("approver",))  # lets a warning go out
TECHNICIANS: Final[Allowed] = frozenset(("technician", "admin"))
GAUGES: Final[Allowed] = frozenset(("operator", "approver", "technician", "admin"))  # writes down what somebody saw
ADMINS: Final[Allowed] = frozenset(("admin",))

# One line a route: method, path as it was declared, who. Kept in the order of the pages' sections.
ROUTES: Final[dict[tuple[str, str], Allowed]] = {
    # Operators' room
    ("GET", "/"): STAFF,
    ("GET", "/events"): STAFF,
    ("GET", "/line/{station}"): STAFF,
    ("GET", "/peta/wilayah.json"): STAFF,
    # Accounts
    ("GET", "/masuk"): ANYONE,
    ("POST", "/masuk"): ANYONE,
    ("POST", "/masuk/kode"): ANYONE,
    ("POST", "/keluar"): STAFF,
    ("GET", "/akun"): STAFF,
    ("GET", "/akun/sandi"): STAFF,
    ("POST", "/akun/sandi"): STAFF,
    ("GET", "/akun/totp"): STAFF,
    ("POST", "/akun/totp"): STAFF,
    ("POST", "/akun/sesi"): STAFF,
    # Stations
    ("GET", "/stasiun"): STAFF,
    ("GET", "/stasiun/{station}"): STAFF,
    ("GET", "/stasiun/{station}/keadaan"): STAFF,
    ("GET", "/stasiun/{station}/garis"): STAFF,
    ("GET", "/stasiun/{station}/tabel.csv"): STAFF,
    ("GET", "/foto/{photo}"): STAFF,
    ("POST", "/stasiun/{station}/papan-duga"): GAUGES,
    ("POST", "/stasiun/{station}/pengamatan"): GAUGES,
    ("POST", "/stasiun/{station}/pengamatan/{number}/hapus"): GAUGES,
    ("POST", "/stasiun/{station}/tetapkan"): DUTY,
    ("POST", "/stasiun/{station}/pemeliharaan"): GAUGES,
    # Alerts, decisions, reports
    ("GET", "/peringatan"): STAFF,
    ("GET", "/peringatan/{alert:path}"): STAFF,
    ("GET", "/peringatan/{alert:path}/laporan"): STAFF,
    ("POST", "/peringatan/{alert:path}/tangani"): DUTY,
    ("POST", "/peringatan/{alert:path}/catatan"): DUTY,
    ("GET", "/keputusan"): STAFF,
    ("GET", "/keputusan/keadaan"): STAFF,
    ("GET", "/keputusan/baru"): DUTY,
    ("POST", "/keputusan/baru"): DUTY,
    ("POST", "/keputusan/turunkan"): APPROVERS,
    ("GET", "/pemberitahuan/{notice}"): STAFF,
    ("POST", "/pemberitahuan/{notice}/kirim"): APPROVERS,
    ("POST", "/pemberitahuan/{notice}/tahan"): DUTY,
    ("POST", "/pemberitahuan/{notice}/teks"): DUTY,
    ("GET", "/pemberitahuan/{notice}/batalkan"): APPROVERS,
    ("POST", "/pemberitahuan/{notice}/batalkan"): APPROVERS,
    ("GET", "/pemberitahuan/{notice}/aman"): APPROVERS,
    ("POST", "/pemberitahuan/{notice}/aman"): APPROVERS,
    ("GET", "/laporan"): STAFF,
    # Administration
    ("GET", "/kelola/penerima/impor"): ADMINS,
    ("POST", "/kelola/penerima/impor"): ADMINS,
    ("GET", "/kelola/penerima/impor/{job}"): ADMINS,
    ("POST", "/kelola/penerima/impor/{job}"): ADMINS,
    ("GET", "/kelola/penerima"): ADMINS,
    ("GET", "/kelola/penerima/baru"): ADMINS,
    ("POST", "/kelola/penerima/baru"): ADMINS,
    ("GET", "/kelola/penerima/{who}"): ADMINS,
    ("POST", "/kelola/penerima/{who}/buka"): ADMINS,
    ("GET", "/kelola/penerima/{who}/ubah"): ADMINS,
    ("POST", "/kelola/penerima/{who}/ubah"): ADMINS,
    ("POST", "/kelola/penerima/{who}/persetujuan"): ADMINS,
    ("POST", "/kelola/penerima/{who}/hapus"): ADMINS,
    ("GET", "/kelola/wilayah"): ADMINS,
    ("POST", "/kelola/wilayah/baru"): ADMINS,
    ("POST", "/kelola/wilayah/nama"): ADMINS,
    ("GET", "/kelola/wilayah/impor"): ADMINS,
    ("POST", "/kelola/wilayah/impor"): ADMINS,
    ("POST", "/kelola/wilayah/impor/{held}"): ADMINS,
    ("GET", "/kelola/jadwal"): ADMINS,
    ("POST", "/kelola/jadwal/giliran"): ADMINS,
    ("POST", "/kelola/jadwal/tukar"): ADMINS,
    ("POST", "/kelola/jadwal/hapus"): ADMINS,
    ("GET", "/kelola/stasiun"): ADMINS,
    ("GET", "/kelola/stasiun/baru"): ADMINS,
    ("POST", "/kelola/stasiun/baru"): ADMINS,
    ("GET", "/kelola/stasiun/{station}"): ADMINS,
    ("GET", "/kelola/stasiun/{station}/ubah"): ADMINS,
    ("POST", "/kelola/stasiun/{station}/ubah"): ADMINS,
    ("POST", "/kelola/stasiun/{station}/berhenti"): ADMINS,
    ("GET", "/kelola/stasiun/{station}/aturan"): ADMINS,
    ("POST", "/kelola/stasiun/{station}/aturan"): ADMINS,
    ("GET", "/kelola/pratinjau/{job}"): ADMINS,
    ("POST", "/kelola/pratinjau/{job}"): ADMINS,
    ("GET", "/kelola/node"): ADMINS,
    ("POST", "/kelola/node/baru"): ADMINS,
    ("GET", "/kelola/node/ca.der"): ADMINS,
    ("GET", "/kelola/node/{node}"): ADMINS,
    ("POST", "/kelola/node/{node}"): ADMINS,
    ("POST", "/kelola/node/{node}/sandi"): ADMINS,
    ("POST", "/kelola/node/{node}/segel"): ADMINS,
    ("POST", "/kelola/node/{node}/berhenti"): ADMINS,
    ("GET", "/kelola/kebijakan"): ADMINS,
    ("POST", "/kelola/kebijakan"): ADMINS,
    ("GET", "/kelola/saluran"): ADMINS,
    ("POST", "/kelola/saluran/uji"): ADMINS,
    ("GET", "/kelola/saluran/uji/{job}"): ADMINS,
    ("GET", "/kelola/latihan"): ADMINS,
    ("POST", "/kelola/latihan"): ADMINS,
    ("GET", "/kelola/pengguna"): ADMINS,
    ("POST", "/kelola/pengguna/baru"): ADMINS,
    ("POST", "/kelola/pengguna/peran"): ADMINS,
    ("POST", "/kelola/pengguna/tutup"): ADMINS,
    ("POST", "/kelola/pengguna/sandi"): ADMINS,
    ("GET", "/kelola/audit"): ADMINS,
    ("GET", "/kelola/audit.csv"): ADMINS,
    ("POST", "/kelola/audit/periksa"): ADMINS,
    ("GET", "/kelola/audit/periksa/{job}"): ADMINS,
    ("GET", "/kelola"): ADMINS,
    ("GET", "/kelola/kesehatan"): STAFF,
    ("GET", "/kelola/pekerjaan/{job}"): ADMINS,
    # Residents
    ("GET", "/langganan"): ANYONE,
    ("POST", "/langganan"): ANYONE,
    ("POST", "/langganan/kode"): ANYONE,
    ("GET", "/publik"): ANYONE,
    ("GET", "/publik/{area}"): ANYONE,
    ("GET", "/publik/{area}.json"): ANYONE,
    ("GET", "/data"): ANYONE,
    ("GET", "/sw.js"): ANYONE,
    # Technicians
    ("GET", "/teknisi"): TECHNICIANS,
    ("GET", "/teknisi/{node}"): TECHNICIANS,
    ("GET", "/teknisi/{node}/langsung"): TECHNICIANS,
    ("POST", "/teknisi/{node}/perintah"): TECHNICIANS,
    ("POST", "/teknisi/{node}/pemeliharaan"): TECHNICIANS,
    ("GET", "/pemasangan"): TECHNICIANS,
    ("POST", "/pemasangan"): TECHNICIANS,
    ("GET", "/pemasangan-luring.js"): ANYONE,
    ("GET", "/pemasangan/{node}"): TECHNICIANS,
    ("GET", "/pemasangan/{node}/keadaan"): TECHNICIANS,
    ("POST", "/pemasangan/{node}/{place}"): TECHNICIANS,
    ("GET", "/berita-acara/{number}"): STAFF,
    # Machines
    ("GET", "/healthz"): ANYONE,
    ("GET", "/metrics"): ANYONE,  # on this machine, or who brings the token
    ("GET", "/static"): ANYONE,
    ("POST", "/callbacks/twilio/status"): ANYONE,  # signed by the provider
    ("GET", "/api/v1/openapi.json"): ANYONE,
    ("GET", "/api/v1/stations"): ANYONE,
    ("GET", "/api/v1/latest"): ANYONE,
    ("GET", "/api/v1/readings"): ANYONE,
    ("GET", "/api/v1/aggregates"): ANYONE,
    ("GET", "/api/v1/alerts"): STAFF,  # also those that are not for the public; published ones are in the CAP feed
    ("GET", "/api/v1/messages"): STAFF,
    # Published warnings
    ("GET", "/cap/feed.xml"): ANYONE,
    ("GET", "/cap/certificate.pem"): ANYONE,
    ("GET", "/cap/{identifier}.xml"): ANYONE,
    ("GET", "/buletin"): ANYONE,
    ("GET", "/buletin.txt"): ANYONE,
}

OWN_PAGES: Final = ("/akun", "/keluar")
FOR_PROGRAMS: Final = ("/api/", "/healthz", "/metrics", "/events", "/line/", "/peta/")


def is_for_programs(path: str) -> bool:
    """Whether what goes wrong there is answered by a problem document, and not by a page."""
    return path.startswith(FOR_PROGRAMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who asks: a user who is logged in, or nobody (an empty name and no role)."""

    name: str = ""
    role: Role | None = None
    csrf: str = ""  # what each form of this session carries
    must: str = ""  # what has to be done at /akun before anything else is open: "password" or "totp"
    is_open: bool = False  # came in without a login, where everybody may look

    @property
    def is_known(self) -> bool:
        return self.role is not None

    def may(self, method: str, path: str) -> bool:
        """Whether a route, named by its path as declared, is open to this visitor; HEAD shows no more than GET."""
        allowed = ROUTES.get(("GET" if method == "HEAD" else method, path), frozenset())
        if allowed is None:
            return True
        return self.role in allowed and (not self.must or path.startswith(OWN_PAGES))


NOBODY: Final = Visitor()


def visitor_of(request: Request) -> Visitor:
    """Who a request comes from, as found before the route was reached."""
    visitor: Visitor = getattr(request.state, "visitor", NOBODY)
    return visitor
