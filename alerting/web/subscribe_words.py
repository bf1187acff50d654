"""The words of joining and leaving. A change of what people agree to is a new wording: see subscriptions."""

from typing import Final

WORDS: Final[dict[str, dict[str, str]]] = {
    "id": {
        "title": "Peringatan lewat SMS",
        "lead": "Anda mendapat SMS bila wilayah Anda terancam banjir, dan SMS lagi bila sudah aman.",
        "join": "Saya mau menerima peringatan",
        "leave": "Saya mau berhenti",
        "what": "Yang Anda inginkan",
        "area": "Kelurahan",
        "choose": "Pilih kelurahan",
        "optional": "boleh kosong",
        "number": "Nomor HP",
        "example": "misalnya 0812 3456 7890",
        "send": "Kirim kode",
        "agree": "Dengan memasukkan kode nanti, Anda setuju menerima SMS peringatan dari",
        "kept": (
            "Nomor Anda disimpan tersandi, hanya dipakai untuk mengirim SMS itu, dan dihapus setelah Anda berhenti. "
            "Berhenti kapan saja di halaman ini."
        ),
        "sent": "Bila nomor itu dapat kami layani, SMS berisi kode 6 angka sedang dikirim. Kode berlaku 10 menit.",
        "code": "Kode dari SMS",
        "confirm": "Pastikan",
        "late": "SMS belum datang? Tunggu 10 menit, lalu minta lagi. Satu nomor hanya mendapat beberapa kode sehari.",
        "again": "Minta kode lagi",
        "wrong_code": "Kode itu tidak cocok atau sudah lewat 10 menit.",
        "joined": "Anda terdaftar. Peringatan untuk wilayah Anda akan datang lewat SMS.",
        "left": "Anda tidak menerima peringatan lagi. Data Anda akan dihapus.",
        "closed": "Pendaftaran lewat halaman ini sedang ditutup. Silakan mendaftar di kantor kelurahan.",
        "home": "Keadaan kelurahan Anda",
    },
    "en": {
        "title": "Warnings by SMS",
        "lead": "You get an SMS when your area is threatened by a flood, and another when it is safe again.",
        "join": "I want to get warnings",
        "leave": "I want to stop",
        "what": "What you want",
        "area": "Kelurahan",
        "choose": "Choose your kelurahan",
        "optional": "may be empty",
        "number": "Mobile number",
        "example": "such as 0812 3456 7890",
        "send": "Send the code",
        "agree": "By entering the code you agree to get warnings by SMS from",
        "kept": (
            "Your number is kept encrypted, used to send these SMS alone, and erased after you leave. You can leave on "
            "this page at any time."
        ),
        "sent": "If we can serve that number, an SMS with a code of 6 digits is on its way, valid for 10 minutes.",
        "code": "Code from the SMS",
        "confirm": "Confirm",
        "late": "No SMS yet? Wait 10 minutes and ask again. A number gets only a few codes a day.",
        "again": "Ask for another code",
        "wrong_code": "That code does not fit, or its 10 minutes are over.",
        "joined": "You have joined. Warnings for your area will come by SMS.",
        "left": "You will get no more warnings. Your data will be erased.",
        "closed": "Joining by this page is closed for now. Please ask at your kelurahan office.",
        "home": "How your kelurahan stands",
    },
}
