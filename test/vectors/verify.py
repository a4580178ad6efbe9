"""A second verifier of ledgers, from docs/ledger-format.md alone: python3 verify.py ROOT_KEY LEDGER...
Prints exit and code for each. What was confirmed elsewhere, or removed, is for removals.py."""
import json, os, re, sys
from datetime import datetime
from ed25519 import ed25519
from strict import Fault, b64, key_of, need, sha, strict

HASH, NAME, SEQ = "[0-9a-f]{64}", "[a-z][a-z0-9_]{0,31}", "0|[1-9][0-9]{0,15}"
HEAD = re.compile(f'{{"v":1,"seq":({SEQ}),"prev":"({HASH})","t":"'.encode())
PAYLOAD = re.compile(f'>{{"seq":({SEQ}),"name":"({NAME})","salt":"({HASH})","(data|blob)":(.*)}}'.encode(), re.S)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
BOOT = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TYPES = set("seg start stop recover hb config refuse auth session call result message approval passkey tool masking "
            "access notice probe anchor prune erase".split())

class Ledger:
    def __init__(self, folder):
        self.folder, self.root, self.key, self.origin = folder, None, None, None
        self.begin, self.size, self.signed, self.prev, self.tree = 0, 0, 0, "0" * 64, []
        self.awaited, self.open, self.counts, self.last, self.weak = [], {}, {}, None, []

    def read(self):
        names = sorted(os.listdir(os.path.join(self.folder, "log")))
        need(all(re.fullmatch(r"\d{16}\.jsonl", name) for name in names), "SEGMENT")
        names = [name for name in names if self.begins(int(name[:16]))]
        for name in names:
            need(int(name[:16]) == self.size, "SEGMENT")
            with open(os.path.join(self.folder, "log", name), "rb") as file: lines = file.read().split(b"\n")
            for i, raw in enumerate(lines[:-1]):
                if raw[:1] == b">": self.payload(raw)
                elif raw[:1] == b"~": self.checkpoint(raw)
                else: self.record(raw, i == 0)
            need(name == names[-1] or (lines[-1] == b"" and self.signed == self.size), "SEGMENT")
            if lines[-1]: self.weak.append("TORN_TAIL")
    def begins(self, first): return True  # Whether a segment from this record on is one of the ledger.

    def record(self, raw, first):
        need(HEAD.match(raw) and len(raw) <= 65535 and min(raw) >= 32, "BAD_RECORD")
        r = strict(raw)
        need(list(r) == ["v", "seq", "prev", "t", "m", "boot", "type", "d"] and isinstance(r["d"], dict), "BAD_RECORD")
        need(isinstance(r["t"], str) and TIME.fullmatch(r["t"]) and type(r["m"]) is int and r["m"] >= 0, "BAD_RECORD")
        need(isinstance(r["boot"], str) and BOOT.fullmatch(r["boot"]) and r["type"] in TYPES, "BAD_RECORD")
        try: now = datetime.fromisoformat(r["t"][:-1]).timestamp() * 1000
        except ValueError: raise Fault("BAD_RECORD")
        need(r["seq"] == self.size, "SEQ_BREAK")
        need(r["prev"] == self.prev, "CHAIN_BREAK")
        self.settle()
        if self.key is None or r["type"] == "seg": self.segment(r, first)
        p = r["d"].get("p", {})
        need("p" not in r["d"] or isinstance(p, dict) and 1 <= len(p) <= 16, "BAD_RECORD")
        need(all(isinstance(c, str) and re.fullmatch(HASH, c) and re.fullmatch(NAME, n) for n, c in p.items()), "BAD_RECORD")
        self.awaited = list(p.items())
        self.story(r, now)
        leaf, height = sha(b"\0", raw), 0
        self.prev, self.size = leaf.hex(), self.size + 1
        while self.tree and self.tree[-1][1] == height: leaf, height = sha(b"\1", self.tree.pop()[0], leaf), height + 1
        self.tree.append((leaf, height))
        return r
    def top(self):
        node = self.tree[-1][0]
        for left, _ in reversed(self.tree[:-1]): node = sha(b"\1", left, node)
        return node
    def segment(self, r, first):
        d = r["d"]
        need(r["type"] == "seg" and key_of(d.get("key"))[0] == d.get("origin"), "BAD_SEGMENT")
        root, follows = d.get("root", d["key"]), self.signed == self.size and first and "root" in d
        need(self.size == 0 or follows and self.root in (None, root), "BAD_SEGMENT")
        if "root" in d:
            text = f"countersign/segment/v1\n{d['origin']}\n{self.size}\n{d['key']}\n{self.prev}\n".encode()
            certified = ed25519(key_of(root)[2], text, b64(d.get("cert", ""), "BAD_SEGMENT"))
            need(key_of(root)[0] == d["origin"] and certified, "BAD_SEGMENT")
        self.root, self.key, self.origin = root, key_of(d["key"]), d["origin"]

    def payload(self, raw):
        found = PAYLOAD.fullmatch(raw)
        need(found, "BAD_PAYLOAD")
        seq, name, salt, kind, data = found.groups()
        name = name.decode()
        need(int(seq) == self.size - 1 and name in dict(self.awaited), "PAYLOAD")
        while self.awaited[0][0] != name: self.missing(self.awaited.pop(0)[0])
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
        return name, data
    def settle(self):
        while self.awaited: self.missing(self.awaited.pop(0)[0])
    def missing(self, name): raise Fault("PAYLOAD_MISSING")

    def checkpoint(self, raw):
        try:
            note = json.loads(raw[1:].decode())
            need(json.dumps(note, ensure_ascii=False).encode() == raw[1:], "BAD_CHECKPOINT")
            text, line = note.rsplit("\n\n", 1)
        except (ValueError, AttributeError): raise Fault("BAD_CHECKPOINT")
        signed = re.fullmatch("— ([^ \n]+) ([A-Za-z0-9+/=]+)\n", line)
        body = re.fullmatch("([^\n]+)\n(0|[1-9][0-9]*)\n([^\n]+)", text)
        need(signed and body, "BAD_CHECKPOINT")
        need(self.key, "BAD_SEGMENT")
        self.settle()
        mark = b64(signed[2], "BAD_CHECKPOINT")
        need(signed[1] == self.origin and mark[:4] == self.key[1], "BAD_SIGNATURE")
        need(ed25519(self.key[2], f"{text}\n".encode(), mark[4:]), "BAD_SIGNATURE")
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
        if kind == "result": self.outcome(d.get("intent"), d.get("call"))
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self.last = now, r["m"], r["boot"], kind
    def outcome(self, intent, call): need(type(intent) is int and self.open.pop(intent, 0) == call, "RESULT_STRAY")
    def beat(self, said): need(said == self.counts, "COUNTER_MISMATCH")

    def verdict(self, trusted):
        if self.signed < self.size: self.weak.append("UNSIGNED_TAIL")
        if self.open: self.weak.append("OUTCOME_MISSING")
        if self.root and self.root != trusted and self.origin == trusted.split("+")[0]: return 12, "LEDGER_KEY_DIFFERS"
        if self.signed <= self.begin: self.weak.append("LEDGER_EMPTY")
        if self.weak: return 11, self.weak[0]
        return 13, "NOT_ANCHORED" if self.root == trusted else "LEDGER_SIGNER_UNKNOWN"

def judge(ledger, trusted):
    try: ledger.read()
    except Fault as fault: return 12, str(fault)
    return ledger.verdict(trusted)

if __name__ == "__main__":
    for path in sys.argv[2:]: print(*judge(Ledger(path), sys.argv[1]))
