"""A second verifier of ledgers, from docs/ledger-format.md alone: python3 verify.py ROOT_KEY[@SIZE:ROOT...][!CUSTODIAN...] LEDGER...
Prints exit and code for each ledger. Standard library; Ed25519 as RFC 8032 section 6 writes it."""
import base64, hashlib, json, os, re, sys
from datetime import datetime

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
HASH, HEAD = "[0-9a-f]{64}", re.compile(rb'\{"v":1,"seq":(0|[1-9][0-9]{0,15}),"prev":"([0-9a-f]{64})","t":"')
PAYLOAD = re.compile(rb'>\{"seq":(0|[1-9][0-9]{0,15}),"name":"([a-z][a-z0-9_]{0,31})","salt":"([0-9a-f]{64})","(data|blob)":(.*)\}', re.S)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
BOOT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TYPES = set("seg start stop recover hb config refuse auth session call result message approval passkey tool masking access notice anchor prune erase".split())

class Fault(Exception): pass
def need(holds, code):
    if not holds: raise Fault(code)
def sha(*parts): return hashlib.sha256(b"".join(parts)).digest()
def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P
def mul(n, p):
    q = (0, 1, 1, 0)
    while n: q, p, n = add(q, p) if n & 1 else q, add(p, p), n >> 1
    return q
def point(raw):
    y = int.from_bytes(raw, "little"); sign, y = y >> 255, y & (2**255 - 1)
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P: x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - x2) % P or (x == 0 and sign): return None
    if x & 1 != sign: x = P - x
    return x, y, 1, x * y % P
BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
def ed25519(public, text, signature):
    a, r, s = point(public), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or not a or not r or s >= L: return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + text).digest(), "little") % L
    p, q = mul(s, BASE), add(r, mul(h, a))
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 == (p[1] * q[2] - q[1] * p[2]) % P

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
    for each in [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []: sane(each, depth + 1)
def strict(raw):
    try: value = json.loads(raw.decode(), object_pairs_hook=pairs, parse_int=whole, parse_float=bad, parse_constant=bad)
    except (ValueError, RecursionError): raise Fault("BAD_RECORD")
    sane(value)
    return value

class Ledger:
    def __init__(self, folder, kept, custodians):
        self.folder, self.root, self.key, self.origin = folder, None, None, None
        self.size, self.prev, self.tree, self.open, self.awaited = 0, "0" * 64, [], {}, []
        self.custodians, self.roots, self.orders, self.missing, self.erased, self.listed = custodians, {}, [], set(), set(), None
        self.signed, self.begin, self.gone, self.claim = 0, 0, {}, None
        self.pruned(os.path.join(folder, "pruned.json"))
        self.kept, self.anchored = kept, 0
        self.last, self.counts, self.weak = None, {}, []
    def pruned(self, path):
        if not os.path.exists(path): return
        p = strict(open(path, "rb").read())
        need(isinstance(p, dict) and list(p) == ["v", "origin", "size", "prev", "range"] and p["v"] == 1 and type(p["size"]) is int and p["size"] > 0, "PRUNE_UNPROVEN")
        bits = [n for n in reversed(range(p["size"].bit_length())) if p["size"] >> n & 1]
        need(len(bits) == len(p["range"]) and all(re.fullmatch(HASH, h) for h in [p["prev"], *p["range"]]), "PRUNE_UNPROVEN")
        self.size = self.begin = p["size"]
        self.signed, self.claim, self.prev, self.gone = self.size, p["origin"], p["prev"], None
        self.tree = [(bytes.fromhex(h), n) for h, n in zip(p["range"], bits)]
    def line(self, raw, first):
        if raw[:1] == b">": return self.payload(raw)
        if raw[:1] == b"~": return self.checkpoint(raw)
        self.record(raw, first)
    def record(self, raw, first):
        head = HEAD.match(raw)
        need(head and len(raw) <= 65535 and min(raw) >= 32, "BAD_RECORD")
        r = strict(raw)
        need(list(r) == ["v", "seq", "prev", "t", "m", "boot", "type", "d"] and isinstance(r["d"], dict), "BAD_RECORD")
        need(isinstance(r["t"], str) and TIME.fullmatch(r["t"]) and type(r["m"]) is int and r["m"] >= 0, "BAD_RECORD")
        need(isinstance(r["boot"], str) and BOOT.fullmatch(r["boot"]) and r["type"] in TYPES, "BAD_RECORD")
        try: now = datetime.fromisoformat(r["t"][:-1]).timestamp() * 1000
        except ValueError: raise Fault("BAD_RECORD")
        need(r["seq"] == self.size, "SEQ_BREAK")
        need(r["prev"] == self.prev, "CHAIN_BREAK")
        self.settle()
        if self.size == self.begin or r["type"] == "seg": self.segment(r, first)
        p = r["d"].get("p", {})
        need("p" not in r["d"] or isinstance(p, dict) and 1 <= len(p) <= 16, "BAD_RECORD")
        need(all(re.fullmatch("[a-z][a-z0-9_]{0,31}", n) and isinstance(c, str) and re.fullmatch(HASH, c) for n, c in p.items()), "BAD_RECORD")
        self.awaited, self.listed = list(p.items()), None
        if r["type"] in ("prune", "erase"): self.order(r["type"], r["d"])
        self.story(r, now)
        leaf, height = sha(b"\0", raw), 0
        self.prev, self.size = leaf.hex(), self.size + 1
        while self.tree and self.tree[-1][1] == height: leaf, height = sha(b"\1", self.tree.pop()[0], leaf), height + 1
        self.tree.append((leaf, height))
        if self.size in self.kept: need(self.top().hex() == self.kept[self.size], "ANCHOR_MISMATCH"); self.anchored = self.size
    def settle(self):
        self.missing.update((self.size - 1, name) for name, _ in self.awaited)
        self.awaited = []
    def order(self, kind, d):
        code, size = f"{kind.upper()}_UNAUTHORISED", d.get("size")
        try: text, block = d["order"].rsplit("\n\n", 1)
        except (KeyError, AttributeError, ValueError): raise Fault(code)
        head, origin, what, decimal, root, *time = text.split("\n")
        need(head == f"countersign/ledger-{kind}/v1" and origin == self.origin and len(time) == 1 and TIME.fullmatch(time[0]) and decimal == str(size), code)
        need(root == self.roots.get(size) and (kind == "erase" or what == d.get("what") and what in ("payloads", "segments")), code)
        lines = [line.split(" ") for line in block[:-1].split("\n")]
        need(block[-1:] == "\n" and all(len(line) == 3 and line[0] == "—" for line in lines), code)
        marks = [(name, b64(mark, code)) for _, name, mark in lines]
        signed = [k for k in self.custodians if any(n == k[0] and m[:4] == k[1] and ed25519(k[2], f"{text}\n".encode(), m[4:]) for n, m in marks)]
        need(len(signed if self.custodians else marks) >= 2, code)
        if kind == "prune": self.orders.append((what, size))
        else: self.listed = what, size
    def list(self, data):
        (what, size), self.listed = self.listed, None
        try: pairs = [(seq, name) for seq, name in json.loads(data.decode())]
        except (ValueError, TypeError): raise Fault("ERASE_UNAUTHORISED")
        need(sha(*(f"{seq} {name}\n".encode() for seq, name in pairs)).hex() == what, "ERASE_UNAUTHORISED")
        self.erased.update(pair for pair in pairs if pair[0] < size)
        self.orders.append(("erase", size))
    def removed(self):
        to = max((size for what, size in self.orders if what != "erase"), default=0)
        need(all(seq < to or (seq, name) in self.erased for seq, name in self.missing), "PAYLOAD_MISSING")
        need(self.claim in (None, self.origin), "PRUNE_UNPROVEN")
        need(not self.begin or any(what == "segments" and size >= self.begin for what, size in self.orders), "PRUNE_UNAUTHORISED")
        if any(seq >= max(to, self.begin) for seq, _ in self.erased - self.missing): self.weak.append("ERASE_UNFINISHED")
    def top(self):
        node = self.tree[-1][0]
        for left, _ in reversed(self.tree[:-1]): node = sha(b"\1", left, node)
        return node
    def segment(self, r, first):
        d = r["d"]
        need(r["type"] == "seg" and key_of(d.get("key"))[0] == d.get("origin"), "BAD_SEGMENT")
        root = d.get("root", d["key"])
        need(self.size == 0 or (self.signed == self.size and first and "root" in d and self.root in (None, root)), "BAD_SEGMENT")
        if "root" in d or "cert" in d:
            text = f"countersign/segment/v1\n{d['origin']}\n{self.size}\n{d['key']}\n{self.prev}\n".encode()
            need(key_of(root)[0] == d["origin"] and ed25519(key_of(root)[2], text, b64(d.get("cert", ""), "BAD_SEGMENT")), "BAD_SEGMENT")
        self.root, self.key, self.origin = root, key_of(d["key"]), d["origin"]
    def payload(self, raw):
        found = PAYLOAD.fullmatch(raw)
        need(found, "BAD_PAYLOAD")
        seq, name, salt, kind, data = found.groups()
        need(int(seq) == self.size - 1 and name.decode() in dict(self.awaited), "PAYLOAD")
        while self.awaited[0][0] != name.decode(): self.missing.add((self.size - 1, self.awaited.pop(0)[0]))
        commitment = self.awaited.pop(0)[1]
        if kind == b"blob":
            need(data == b"true", "BAD_PAYLOAD")
            try: data = open(os.path.join(self.folder, "blobs", commitment), "rb").read()
            except OSError: raise Fault("PAYLOAD_MISSING")
        else:
            need(min(data, default=0) >= 32, "BAD_PAYLOAD")
            try: json.loads(data.decode())
            except (ValueError, RecursionError): raise Fault("BAD_PAYLOAD")
        need(sha(b"\2", bytes.fromhex(salt.decode()), data).hex() == commitment, "PAYLOAD_ALTERED")
        if self.listed and name == b"list": self.list(data)
    def checkpoint(self, raw):
        try:
            note = json.loads(raw[1:].decode())
            need(json.dumps(note, ensure_ascii=False).encode() == raw[1:], "BAD_CHECKPOINT")
            text, line = note.rsplit("\n\n", 1)
        except (ValueError, AttributeError): raise Fault("BAD_CHECKPOINT")
        parts = re.fullmatch("— ([^ \n]+) ([A-Za-z0-9+/=]+)\n", line)
        body = re.fullmatch("([^\n]+)\n(0|[1-9][0-9]*)\n([^\n]+)", text)
        need(parts and body, "BAD_CHECKPOINT")
        need(self.key, "BAD_SEGMENT")
        self.settle()
        mark = b64(parts[2], "BAD_CHECKPOINT")
        need(parts[1] == self.origin and mark[:4] == self.key[1] and ed25519(self.key[2], f"{text}\n".encode(), mark[4:]), "BAD_SIGNATURE")
        need(body[1] == self.origin and self.signed < self.size and int(body[2]) == self.size, "CHECKPOINT")
        need(b64(body[3], "BAD_CHECKPOINT") == self.top(), "ROOT_MISMATCH")
        self.signed = self.size
    def story(self, r, now):
        d, kind, last = r["d"], r["type"], self.last
        if last:
            same = last[2] == r["boot"]
            wall, mono = now - last[0], r["m"] - last[1] if same else 0
            need(mono >= 0, "CLOCK_BACK")
            if same and abs(wall - mono) > 2000 or not same and wall < 0: self.weak.append("CLOCK_STEP")
            if max(wall, mono) > 180000 and (last[3] != "stop" or same): self.weak.append("RECORDING_GAP")
        if kind == "hb": self.beat(d.get("counts"))
        if kind == "call":
            need(isinstance(d.get("call"), str) and isinstance(d.get("forwarded"), bool), "BAD_CALL")
            if d["forwarded"]: self.open[self.size] = d["call"]
        if kind == "result" and not (type(d.get("intent")) is int and 0 <= d["intent"] < self.begin):
            need(type(d.get("intent")) is int and self.open.pop(d["intent"], 0) == d.get("call"), "RESULT_STRAY")
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self.last = now, r["m"], r["boot"], kind

    def beat(self, said):
        if self.gone is None and isinstance(said, dict) and all(type(n) is int and n >= self.counts.get(t, 0) for t, n in said.items()):
            gone = {t: n - self.counts.get(t, 0) for t, n in said.items()}
            if sum(gone.values()) == self.begin: self.gone = gone
        all_of = {t: (self.gone or {}).get(t, 0) + self.counts.get(t, 0) for t in {*(self.gone or {}), *self.counts}}
        need(self.gone is not None and said == {t: n for t, n in all_of.items() if n}, "COUNTER_MISMATCH")

def judge(folder, trusted, kept, custodians):
    try:
        ledger, names = Ledger(folder, kept, custodians), sorted(os.listdir(os.path.join(folder, "log")))
        need(all(re.fullmatch(r"\d{16}\.jsonl", name) for name in names), "SEGMENT")
        names = [name for name in names if int(name[:16]) >= ledger.begin]
        for name in names:
            need(int(name[:16]) == ledger.size, "SEGMENT")
            if ledger.size: ledger.roots[ledger.size] = ledger.top().hex()
            with open(os.path.join(folder, "log", name), "rb") as file: lines = file.read().split(b"\n")
            for i, raw in enumerate(lines[:-1]): ledger.line(raw, i == 0)
            need(name == names[-1] or (lines[-1] == b"" and ledger.signed == ledger.size), "SEGMENT")
            if lines[-1]: ledger.weak.append("TORN_TAIL")
        ledger.removed()
    except Fault as fault: return 12, str(fault)
    if ledger.signed < ledger.size: ledger.weak.append("UNSIGNED_TAIL")
    if ledger.open: ledger.weak.append("OUTCOME_MISSING")
    if ledger.root and ledger.root != trusted and ledger.origin == trusted.split("+")[0]: return 12, "LEDGER_KEY_DIFFERS"
    if ledger.signed <= ledger.begin: ledger.weak.append("LEDGER_EMPTY")
    if ledger.signed > ledger.begin and max(kept, default=0) > ledger.size: return 12, "TRUNCATED"
    if ledger.weak: return 11, ledger.weak[0]
    if ledger.root != trusted: return 13, "LEDGER_SIGNER_UNKNOWN"
    if ledger.orders and not custodians: return 13, "REMOVAL_UNCONFIRMED"
    return (0, "VERIFIED") if ledger.anchored >= ledger.signed else (13, "NOT_ANCHORED")

if __name__ == "__main__":
    given, *custodians = sys.argv[1].split("!")
    trusted, *kept = given.split("@")
    kept = {int(size): root for size, root in (one.split(":") for one in kept)}
    for path in sys.argv[2:]: print(*judge(path, trusted, kept, [key_of(one) for one in custodians]))
