"""Verifies proof files, from docs/ledger-format.md alone: python3 proof.py ROOT_KEY[@SIZE:ROOT...] FILE...
Prints exit and code for each file. What a record line is, verify.py says."""
import re, sys
from ed25519 import ed25519
from strict import Fault, b64, need, sha, strict
from verify import HASH, PAYLOAD, Ledger

BAD = "PROOF_INVALID"
def hexes(value):
    need(isinstance(value, list) and all(isinstance(h, str) and re.fullmatch(HASH, h) for h in value), BAD)
    return [bytes.fromhex(h) for h in value]
def only(value, *names, some=()):
    need(isinstance(value, dict) and set(names) <= set(value) <= {*names, *some}, BAD)
    return value
def at(r):
    ledger = Ledger("nowhere")
    ledger.size, ledger.signed, ledger.prev = r.get("seq"), r.get("seq"), r.get("prev")
    return ledger
def record(line):
    """The record, its form checked, and its leaf."""
    need(isinstance(line, str), BAD)
    raw = line.encode()
    r = strict(raw)
    need(isinstance(r, dict), BAD)
    ledger = at(r)
    # What a record is to others is not in a proof.
    ledger.segment = ledger.story = lambda *_: None
    ledger.record(raw, True)
    return r, sha(b"\0", raw)
def payloads(r, lines):
    awaited = dict(r["d"].get("p", {}))
    need(isinstance(lines, list), BAD)
    for line in lines:
        found = PAYLOAD.fullmatch(line.encode()) if isinstance(line, str) else None
        need(found and found[4] == b"data" and int(found[1]) == r["seq"] and found[2].decode() in awaited, BAD)
        need(sha(b"\2", bytes.fromhex(found[3].decode()), found[5]).hex() == awaited.pop(found[2].decode()), BAD)
def climb(place, last, start, path):
    """The roots of the old and the new tree, from a node and the hashes beside the way up."""
    old = new = start
    for h in path:
        need(last > 0, BAD)
        if place % 2 or place == last:
            old, new = sha(b"\1", h, old), sha(b"\1", h, new)
            while place % 2 == 0 and place: place, last = place // 2, last // 2
        else: new = sha(b"\1", new, h)
        place, last = place // 2, last // 2
    need(last == 0, BAD)
    return old, new
def cover(at, end):
    while at < end:
        height = 0
        while at % 2 ** (height + 1) == 0 and at + 2 ** (height + 1) <= end: height += 1
        yield height
        at += 2 ** height
def joined(nodes):
    stack = []
    for h, height in nodes:
        while stack and stack[-1][1] == height: h, height = sha(b"\1", stack.pop()[0], h), height + 1
        stack.append((h, height))
    root = stack.pop()[0]
    while stack: root = sha(b"\1", stack.pop()[0], root)
    return root

def show(proof, size, root):
    parts = [part for part in ("records", "range", "begin") if part in proof]
    need(len(parts) == 1, BAD)
    part, value = parts[0], proof[parts[0]]
    if part == "records":
        need(isinstance(value, list) and value, BAD)
        for one in value:
            r, leaf = record(only(one, "line", "payloads", "path")["line"])
            payloads(r, one["payloads"])
            need(r["seq"] < size and climb(r["seq"], size - 1, leaf, hexes(one["path"]))[1] == root, BAD)
    elif part == "range":
        at, leaves = only(value, "from", "records", "left", "right")["from"], []
        need(type(at) is int and at >= 0 and isinstance(value["records"], list) and value["records"], BAD)
        for seq, one in enumerate(value["records"], at):
            if "leaf" in only(one, some=("leaf", "line", "payloads")): leaves += hexes([only(one, "leaf")["leaf"]]); continue
            r, leaf = record(only(one, "line", "payloads")["line"])
            payloads(r, one["payloads"])
            need(r["seq"] == seq, BAD)
            leaves.append(leaf)
        left, right, end = hexes(value["left"]), hexes(value["right"]), at + len(leaves)
        before, after = list(cover(0, at)), list(cover(end, size))
        need(end <= size and len(left) == len(before) and len(right) == len(after), BAD)
        need(joined([*zip(left, before), *((leaf, 0) for leaf in leaves), *zip(right, after)]) == root, BAD)
    else:
        first, path = only(value, "size", "root", "path")["size"], hexes(value["path"])
        need(type(first) is int and 1 <= first <= size, BAD)
        old = hexes([value["root"]])[0]
        if first == size: need(path == [] and old == root, BAD); return
        if first & (first - 1) == 0: path = [old, *path]
        need(path and len(hexes(value["path"])) > 0, BAD)
        place, last = first - 1, size - 1
        while place % 2: place, last = place // 2, last // 2
        need(climb(place, last, path[0], path[1:]) == (old, root), BAD)

def judge(path, trusted, kept):
    try:
        proof = only(strict(open(path, "rb").read()), "v", "kind", "checkpoint", "segment", some=("records", "range", "begin"))
        need(proof["v"] == 1 and proof["kind"] == "countersign-proof" and isinstance(proof["checkpoint"], str), BAD)
        seg, _ = record(proof["segment"])
        ledger = at(seg)
        ledger.segment(seg, True)
        text, _, line = proof["checkpoint"].rpartition("\n\n")
        mark, body = re.fullmatch("— ([^ \n]+) ([A-Za-z0-9+/=]+)\n", line), re.fullmatch("([^\n]+)\n(0|[1-9][0-9]*)\n([^\n]+)", text)
        need(mark and body and mark[1] == body[1] == ledger.origin, BAD)
        signature = b64(mark[2], BAD)
        need(signature[:4] == ledger.key[1] and ed25519(ledger.key[2], f"{text}\n".encode(), signature[4:]), BAD)
        size, root = int(body[2]), b64(body[3], BAD)
        need(size > seg["seq"], BAD)
        show(proof, size, root)
    except (Fault, KeyError, TypeError, AttributeError): return 12, BAD
    if ledger.root != trusted: return (12, "LEDGER_KEY_DIFFERS") if ledger.origin == trusted.split("+")[0] else (13, "LEDGER_SIGNER_UNKNOWN")
    if size in kept: return (0, "VERIFIED") if kept[size] == root.hex() else (12, "ANCHOR_MISMATCH")
    return 13, "NOT_ANCHORED"

if __name__ == "__main__":
    trusted, *kept = sys.argv[1].split("@")
    kept = {int(size): root for size, root in (one.split(":") for one in kept)}
    for path in sys.argv[2:]: print(*judge(path, trusted, kept))
