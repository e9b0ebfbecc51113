"""Lexicon: words that insult groups of people, and phrases that threaten, for a person to look at.

The entries stand in Base64 so that nobody who opens this file has to read them. Words that have a common harmless
meaning are left out, since quotations and reports of such words are enough for a person to sort. To add one:
`python -c "import base64, sys; print(base64.b64encode(sys.argv[1].encode()).decode())" "the phrase"`, in lower case.
"""

import base64


def _read(entries: str) -> list[str]:
    return [base64.b64decode(entry).decode() for entry in entries.split()]


INSULTS = _read(
    """
    Y2FtZWxmdWNrZXI= Y2hpbmFtYW4= Y2hpbmFtZW4= Y2hpbmctY2hvbmc= Y3VudA== Y3VudHM= YmVhbmVy YmVhbmVycw==
    Z29hdGZ1Y2tlcg== Z29sbGl3b2c= Z29va3M= Z29vaw== Z3lwcG8= ZGFya2ll ZGFya2llcw== ZmFnZ290 ZmFnZ290cw==
    ZmVtaW5hemk= ZmVtaW5hemlz a2lrZQ== a2lrZXM= aGFsZmJyZWVk amlnYWJvb3M= amlnYWJvbw== bGlidGFyZA== bGlidGFyZHM=
    bW90aGVyZnVja2Vy bW90aGVyZnVja2Vycw== bW9uZ29sb2lk bXV6emll bXV6emllcw== bmlnZ2E= bmlnZ2Fz bmlnZ2Vy
    bmlnZ2Vycw== c2FuZG5pZ2dlcg== c2hlbWFsZQ== c2hlbWFsZXM= c2x1dA== c2x1dHM= c3Bhc3RpY3M= c3BpY3M= c3BpYw==
    c3F1YXc= c3ViaHVtYW4= c3ViaHVtYW5z cG9yY2htb25rZXk= cGFraQ== cGFraXM= cGlrZXk= cGlrZXlz cmFnaGVhZA==
    cmFnaGVhZHM= cmV0YXJkcw== cmVkc2tpbg== d2V0YmFja3M= d2V0YmFjaw== d2hpdGV0cmFzaA== d2hvcmU= d2hvcmVz
    dG93ZWxoZWFk dG93ZWxoZWFkcw== dHJhbm55 dHJhbm5pZXM= dW50ZXJtZW5zY2g= dW50ZXJtZW5zY2hlbg== emlwcGVyaGVhZA==
    """
)
THREATS = _read(
    """
    Ym9tYiB0aGUgc2Nob29s YnVybiB5b3UgYWxpdmU= Z28gZGll Z29pbmcgdG8ga2lsbCB0aGVtIGFsbA== Z2FzIGNoYW1iZXIgdGhlbQ==
    Z2FzIHRoZSBqZXdz ZGVhdGggdG8gYWxs ZGVzZXJ2ZSB0byBkaWU= ZGVzZXJ2ZXMgdG8gZGll ZHJpbmsgYmxlYWNo
    a2lsbCB0aGVtIGFsbA== a2lsbCB1cnNlbGY= a2lsbCB5b3Vyc2VsZg== a2lsbCB5b3Vyc2VsdmVz aG9wZSB0aGV5IGRpZQ==
    aG9wZSB5b3UgZGll aGVpbCBoaXRsZXI= aSB3aWxsIGZpbmQgeW91IGFuZA== aSB3aWxsIGh1cnQgeW91 aSB3aWxsIGtpbGwgeW91
    aSBrbm93IHdoZXJlIHlvdSBsaXZl aSdsbCBodXJ0IHlvdQ== aSdsbCBraWxsIHlvdQ== aSdtIGdvaW5nIHRvIGtpbGwgeW91
    c2hvb3QgdXAgdGhlIHNjaG9vbA== c2hvdWxkIGJlIGV4dGVybWluYXRlZA== c2hvdWxkIGJlIGhhbmdlZA== c2hvdWxkIGJlIHNob3Q=
    c2llZyBoZWls c2xpdCB5b3VyIHRocm9hdA== c2xpdCB5b3VyIHdyaXN0cw== cmFjZSB3YXIgbm93 cmFwZSB5b3U= cmFwZSBoZXI=
    d2F0Y2ggeW91ciBiYWNr d2hpdGUgcG93ZXI= eW91IGFyZSBnb2luZyB0byBkaWU= eW91IHdpbGwgZGllIGZvcg==
    eW91J3JlIGdvaW5nIHRvIGRpZQ==
    """
)
