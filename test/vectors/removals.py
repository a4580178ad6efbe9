"""Verifies ledgers with what was confirmed or removed of them: python3 removals.py ROOT_KEY[@SIZE:ROOT...][!CUSTODIAN...] LEDGER...
@ are checkpoints that somebody kept elsewhere, ! the verifier keys of custodians. All else is in verify.py."""
import json, os, re, sys
from ed25519 import ed25519
from strict import Fault, b64, key_of, need, sha, strict
from verify import HASH, Ledger, TIME, judge

class Kept(Ledger):
    def __init__(self, folder, kept, custodians):
        super().__init__(folder)
        self.kept, self.anchored, self.custodians = kept, 0, custodians
        # Orders found; payloads that are missing, and those that were ordered to be erased; roots before each segment.
        self.orders, self.gone, self.erased, self.listed, self.roots = [], set(), set(), None, {}
        # Whose pruned.json says that the ledger is, and how many records of each type were removed.
        self.claim, self.removed = None, {}

    def read(self):
        path = os.path.join(self.folder, "pruned.json")
        if os.path.exists(path): self.frontier(strict(open(path, "rb").read()))
        super().read()
        self.judge_removals()
    def frontier(self, p):
        need(isinstance(p, dict) and list(p) == ["v", "origin", "size", "prev", "range"] and p["v"] == 1, "PRUNE_UNPROVEN")
        need(type(p["size"]) is int and p["size"] > 0, "PRUNE_UNPROVEN")
        heights = [n for n in reversed(range(p["size"].bit_length())) if p["size"] >> n & 1]
        need(len(heights) == len(p["range"]) and all(re.fullmatch(HASH, h) for h in [p["prev"], *p["range"]]), "PRUNE_UNPROVEN")
        self.begin = self.size = self.signed = p["size"]
        self.claim, self.prev, self.removed = p["origin"], p["prev"], None
        self.tree = [(bytes.fromhex(h), n) for h, n in zip(p["range"], heights)]
    def begins(self, first): return first >= self.begin

    def record(self, raw, first):
        if first and self.size: self.roots[self.size] = self.top().hex()
        r = super().record(raw, first)
        self.listed = None
        if r["type"] in ("prune", "erase"): self.order(r["type"], r["d"])
        if self.size in self.kept:
            need(self.top().hex() == self.kept[self.size], "ANCHOR_MISMATCH")
            self.anchored = self.size
        return r
    def order(self, kind, d):
        code, size = f"{kind.upper()}_UNAUTHORISED", d.get("size")
        try: text, block = d["order"].rsplit("\n\n", 1)
        except (KeyError, AttributeError, ValueError): raise Fault(code)
        head, origin, what, decimal, root, *time = text.split("\n")
        need(head == f"countersign/ledger-{kind}/v1" and origin == self.origin and decimal == str(size), code)
        need(len(time) == 1 and TIME.fullmatch(time[0]) and root == self.roots.get(size), code)
        need(kind == "erase" or what == d.get("what") and what in ("payloads", "segments"), code)
        lines = [line.split(" ") for line in block[:-1].split("\n")]
        need(block[-1:] == "\n" and all(len(line) == 3 and line[0] == "—" for line in lines), code)
        marks = [(name, b64(mark, code)) for _, name, mark in lines]
        signed = [key for key in self.custodians if self.is_signed(f"{text}\n".encode(), marks, *key)]
        need(len(signed if self.custodians else marks) >= 2, code)
        if kind == "prune": self.orders.append((what, size))
        else: self.listed = what, size
    def is_signed(self, text, marks, name, key_id, public):
        return any(n == name and mark[:4] == key_id and ed25519(public, text, mark[4:]) for n, mark in marks)

    def payload(self, raw):
        name, data = super().payload(raw)
        if self.listed and name == "list": self.erase(*self.listed, data)
    def erase(self, digest, size, data):
        self.listed = None
        try: pairs = [(seq, name) for seq, name in json.loads(data.decode())]
        except (ValueError, TypeError): raise Fault("ERASE_UNAUTHORISED")
        need(sha(*(f"{seq} {name}\n".encode() for seq, name in pairs)).hex() == digest, "ERASE_UNAUTHORISED")
        self.erased.update(pair for pair in pairs if pair[0] < size)
        self.orders.append(("erase", size))
    def missing(self, name): self.gone.add((self.size - 1, name))
    def judge_removals(self):
        to = max((size for what, size in self.orders if what != "erase"), default=0)
        need(all(seq < to or (seq, name) in self.erased for seq, name in self.gone), "PAYLOAD_MISSING")
        need(self.claim in (None, self.origin), "PRUNE_UNPROVEN")
        ordered = any(what == "segments" and size >= self.begin for what, size in self.orders)
        need(self.begin == 0 or ordered, "PRUNE_UNAUTHORISED")
        if any(seq >= max(to, self.begin) for seq, _ in self.erased - self.gone): self.weak.append("ERASE_UNFINISHED")

    def outcome(self, intent, call):
        if not (type(intent) is int and 0 <= intent < self.begin): super().outcome(intent, call)
    def beat(self, said):
        if self.removed is None and isinstance(said, dict):
            more = {t: n - self.counts.get(t, 0) for t, n in said.items() if type(n) is int}
            if len(more) == len(said) and min(more.values()) >= 0 and sum(more.values()) == self.begin: self.removed = more
        need(self.removed is not None, "COUNTER_MISMATCH")
        all_of = {t: self.removed.get(t, 0) + self.counts.get(t, 0) for t in {*self.removed, *self.counts}}
        need(said == {t: n for t, n in all_of.items() if n}, "COUNTER_MISMATCH")

    def verdict(self, trusted):
        exit, code = super().verdict(trusted)
        if exit == 12: return exit, code
        if self.signed > self.begin and max(self.kept, default=0) > self.size: return 12, "TRUNCATED"
        if exit == 11 or code != "NOT_ANCHORED": return exit, code
        if self.orders and not self.custodians: return 13, "REMOVAL_UNCONFIRMED"
        return (0, "VERIFIED") if self.anchored >= self.signed else (13, code)

if __name__ == "__main__":
    given, *custodians = sys.argv[1].split("!")
    trusted, *kept = given.split("@")
    kept = {int(size): root for size, root in (one.split(":") for one in kept)}
    for path in sys.argv[2:]: print(*judge(Kept(path, kept, [key_of(one) for one in custodians]), trusted))
