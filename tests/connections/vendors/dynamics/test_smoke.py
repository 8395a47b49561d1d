from connections import services
from connections.registry import vendor
def test_smoke(api, dynamics, invoice, connection):
    n=dynamics.add_note(invoice, "Rechnung", filename="RE-1001.pdf", content=b"%PDF-1.7 x")
    page=api.changes("invoice")
    print(page)
    got=api.bundles([invoice])
    print([str(e) for e in got.failed.values()], got.found)
    b=got.found[invoice]
    print(api.bundle(invoice, note=b.notes[0]).file)
    print([ (c.method,c.path,c.status) for c in dynamics.calls])
    try:
        found=services.test_connection(connection,"anna"); print(found.who); [print("+",m) for m in found.may]; [print("-",m) for m in found.missing]
    except Exception as e: print(repr(e), e)
    for name, d in vendor("dynamics").discover.items():
        try: print(name, [ (o.ref,o.label,o.kind) for o in d(connection,"")][:5])
        except Exception as e: print(name, repr(e), e)
    assert 0
