"""What ledgers and proof files have in common: faults, base64 in its one form, verifier keys, strict JSON."""
import base64, hashlib, json, re

class Fault(Exception): pass
def need(holds, code):
    if not holds: raise Fault(code)
def sha(*parts): return hashlib.sha256(b"".join(parts)).digest()
def b64(text, code):
    try: raw = base64.b64decode(text, validate=True)
    except ValueError: raise Fault(code)
    need(base64.b64encode(raw).decode() == text, code)
    return raw
def key_of(text):
    parts = text.split("+", 2) if isinstance(text, str) else []
    need(len(parts) == 3 and parts[0] and not re.search(r"\s", parts[0]), "BAD_SEGMENT")
    raw = b64(parts[2], "BAD_SEGMENT")
    need(len(raw) == 33 and raw[0] == 1 and sha(parts[0].encode() + b"\n" + raw)[:4].hex() == parts[1], "BAD_SEGMENT")
    return parts[0], bytes.fromhex(parts[1]), raw[1:]
def pairs(members):
    need(len({name for name, _ in members}) == len(members), "BAD_RECORD")
    return dict(members)
def whole(text):
    need(text != "-0" and abs(int(text)) < 2**53, "BAD_RECORD")
    return int(text)
def bad(_): raise Fault("BAD_RECORD")
def sane(value, depth=0):
    need(depth <= 64, "BAD_RECORD")
    if isinstance(value, str): need(not re.search("[\ud800-\udfff]", value), "BAD_RECORD")
    inner = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    for each in inner: sane(each, depth + 1)
def strict(raw):
    try: value = json.loads(raw.decode(), object_pairs_hook=pairs, parse_int=whole, parse_float=bad, parse_constant=bad)
    except (ValueError, RecursionError): raise Fault("BAD_RECORD")
    sane(value)
    return value
