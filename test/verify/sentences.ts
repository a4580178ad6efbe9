/** What is said of each row of the tamper tables that is not as it should be; bytes and numbers are those of the samples. */
export const sentences: Readonly<Record<string, string>> = {
  'edit-record':
    'log/0000000000000000.jsonl, record 1, byte 506: the line at byte 1960 is a checkpoint whose signed root the records do not give: record 1 was changed.',
  'edit-record-within-batch':
    'log/0000000000000000.jsonl, record 5, byte 5324: the line at byte 6779 holds a link that is not the hash of record 5: that record, or this link, was changed.',
  'edit-and-rechain':
    'log/0000000000000000.jsonl, record 1, byte 506: the line at byte 1960 is a checkpoint whose signed root the records do not give: record 1 was changed.',
  'edit-last-record':
    'log/0000000000000000.jsonl, record 7, byte 8430: the line at byte 8875 is a checkpoint whose signed root the records do not give: one of the records 7 to 8 was changed.',
  'delete-record':
    'log/0000000000000000.jsonl, record 5, byte 5324: the line says it is record 6 where record 5 belongs.',
  'delete-record-and-rechain':
    'log/0000000000000000.jsonl, record 5, byte 5324: the line at byte 6779 is a checkpoint over 7 records where 6 stand.',
  'delete-batch':
    'log/0000000000000000.jsonl, record 2, byte 2156: the line says it is record 3 where record 2 belongs.',
  'delete-first-batch':
    'log/0000000000000000.jsonl, record 0, byte 0: the line says it is record 1 where record 0 belongs.',
  'insert-record-and-rechain':
    'log/0000000000000000.jsonl, record 9, byte 8875: the line at byte 9087 is a checkpoint over 9 records where 10 stand.',
  'replay-record':
    'log/0000000000000000.jsonl, record 9, byte 8875: the line says it is record 8 where record 9 belongs.',
  'swap-records':
    'log/0000000000000000.jsonl, record 7, byte 8430: the line says it is record 8 where record 7 belongs.',
  'swap-records-and-rechain':
    'log/0000000000000000.jsonl, record 7, byte 8430: the line at byte 8875 is a checkpoint whose signed root the records do not give: one of the records 7 to 8 was changed.',
  'edit-link':
    'log/0000000000000000.jsonl, record 2, byte 2156: the line at byte 2915 holds a link that is not the hash of record 2: that record, or this link, was changed.',
  'carriage-returns': 'log/0000000000000000.jsonl, record 0, byte 0: the line holds a control byte at 309.',
  'byte-order-mark': 'log/0000000000000000.jsonl, record 0, byte 0: the line does not begin as a record does.',
  'empty-line': 'log/0000000000000000.jsonl, record 1, byte 506: the line does not begin as a record does.',
  'space-in-record':
    'log/0000000000000000.jsonl, record 1, byte 506: the line at byte 1961 is a checkpoint whose signed root the records do not give: record 1 was changed.',
  'duplicate-key-live-key':
    'log/0000000000000000.jsonl, record 1, byte 506: the line is not strict JSON: duplicate member name at byte 551.',
  'fraction-live-key':
    'log/0000000000000000.jsonl, record 2, byte 2156: the line holds a number that is not a safe integer.',
  'unknown-type-live-key': 'log/0000000000000000.jsonl, record 8, byte 8663: the line has an unknown type.',
  'zero-hole': 'log/0000000000000000.jsonl, record 7, byte 8430: the line does not begin as a record does.',
  'seq-true-live-key': 'log/0000000000000000.jsonl, record 8, byte 8663: the line does not begin as a record does.',
  'number-too-large-live-key':
    'log/0000000000000000.jsonl, record 2, byte 2156: the line holds a number that is not a safe integer.',
  'long-line-live-key': 'log/0000000000000000.jsonl, record 8, byte 8663: the line is longer than a line may be.',
  'record-too-long-live-key': 'log/0000000000000000.jsonl, record 8, byte 8663: the line is longer than 65535 bytes.',
  'deep-nesting-live-key':
    'log/0000000000000000.jsonl, record 8, byte 8663: the line is not strict JSON: nesting too deep at byte 266.',
  'members-in-other-order-live-key':
    'log/0000000000000000.jsonl, record 8, byte 8663: the line does not have the members of a record.',
  'lone-surrogate-live-key':
    'log/0000000000000000.jsonl, record 8, byte 8663: the line is not strict JSON: a lone surrogate in a string at byte 203.',
  'composed-otherwise':
    'log/0000000000000000.jsonl, record 1, byte 506: the line at byte 1799 holds a payload "person" of record 1 that is not the one the record names.',
  'edit-payload':
    'log/0000000000000000.jsonl, record 1, byte 506: the line at byte 1666 holds a payload "args" of record 1 that is not the one the record names.',
  'edit-salt':
    'log/0000000000000000.jsonl, record 1, byte 506: the line at byte 1666 holds a payload "args" of record 1 that is not the one the record names.',
  'delete-payload':
    'log/0000000000000000.jsonl, record 1, byte 506: the line at byte 1666 stands where the payload "args" of record 1 belongs, which is missing.',
  'delete-last-payload':
    'log/0000000000000000.jsonl, record 6, byte 6779: the line at byte 8073 stands where the payload "person" of record 6 belongs, which is missing.',
  'delete-all-payloads':
    'log/0000000000000000.jsonl, record 1, byte 506: the line at byte 1666 stands where the payload "args" of record 1 belongs, which is missing.',
  'delete-payloads-of-the-last-call':
    'log/0000000000000000.jsonl, record 6, byte 6779: the line at byte 7940 stands where the payload "args" of record 6 belongs, which is missing.',
  'duplicate-payload':
    'log/0000000000000000.jsonl, record 1, byte 506: the line at byte 1799 holds the payload "args" of record 1 once more.',
  'swap-payload-lines':
    'log/0000000000000000.jsonl, record 1, byte 506: the line at byte 1666 stands where the payload "args" of record 1 belongs, which is missing.',
  'swap-payload-names':
    'log/0000000000000000.jsonl, record 1, byte 506: the line at byte 1666 holds a payload "args" of record 1 that is not the one the record names.',
  'stray-payload':
    'log/0000000000000000.jsonl, record 8, byte 8663: the line at byte 8875 holds a payload "args" of record 8 that belongs to no record here.',
  'payload-of-another-record':
    'log/0000000000000000.jsonl, record 1, byte 506: the line at byte 1666 holds a payload "args" of record 3 that belongs to no record here.',
  'payload-without-record':
    'log/0000000000000000.jsonl, record 0, byte 0: the line holds a payload "args" of record 1 that belongs to no record here.',
  'payload-to-blob':
    'log/0000000000000000.jsonl, record 1, byte 506: the line at byte 1666 names the payload "args" of record 1 (blobs/<hash>), which is missing.',
  'junk-payload': 'log/0000000000000000.jsonl, byte 1666: the line is not a payload line.',
  'edit-root':
    'log/0000000000000000.jsonl, record 0, byte 0: the line at byte 310 is a checkpoint that the key of the ledger did not sign.',
  'edit-size':
    'log/0000000000000000.jsonl, record 8, byte 8663: the line at byte 8875 is a checkpoint that the key of the ledger did not sign.',
  'edit-signature':
    'log/0000000000000000.jsonl, record 0, byte 0: the line at byte 310 is a checkpoint that the key of the ledger did not sign.',
  'edit-origin':
    'log/0000000000000000.jsonl, record 0, byte 0: the line at byte 310 is a checkpoint that the key of the ledger did not sign.',
  'second-signature':
    'log/0000000000000000.jsonl, byte 310: the line is not a checkpoint: a note bears two signatures of one key.',
  'junk-before-signature':
    'log/0000000000000000.jsonl, byte 310: the line is not a checkpoint: a malformed signature line.',
  'escaped-otherwise':
    'log/0000000000000000.jsonl, byte 310: the line is not a checkpoint: not a JSON string as it is written here.',
  'spare-bits-in-root':
    'log/0000000000000000.jsonl, byte 310: the line is not a checkpoint: a checkpoint has no valid root.',
  'spare-bits-in-signature':
    'log/0000000000000000.jsonl, byte 310: the line is not a checkpoint: a malformed signature line.',
  'junk-in-base64': 'log/0000000000000000.jsonl, byte 310: the line is not a checkpoint: a malformed signature line.',
  'extension-line': 'log/0000000000000000.jsonl, byte 310: the line is not a checkpoint: a checkpoint has three lines.',
  'signature-by-another-name':
    'log/0000000000000000.jsonl, record 0, byte 0: the line at byte 310 is a checkpoint that the key of the ledger did not sign.',
  'junk-checkpoint': 'log/0000000000000000.jsonl, byte 506: the line is not a checkpoint: not a JSON string.',
  'checkpoint-of-another-batch':
    'log/0000000000000000.jsonl, record 8, byte 8663: the line at byte 8875 is a checkpoint over 1 records where 9 stand.',
  'checkpoint-twice':
    'log/0000000000000000.jsonl, record 0, byte 0: the line at byte 506 is a checkpoint with no record before it.',
  'checkpoint-before-records': 'log/0000000000000000.jsonl, byte 0: the line stands before any record.',
  'checkpoint-earlier':
    'log/0000000000000000.jsonl, record 7, byte 8430: the line at byte 8663 is a checkpoint over 9 records where 8 stand.',
  'old-checkpoint-other-key':
    'log/0000000000000000.jsonl, record 0, byte 0: the line at byte 310 is a checkpoint that the key of the ledger did not sign.',
  'all-checkpoints-removed': 'log/0000000000000000.jsonl: no signed checkpoint covers records 0 to 8, the last ones.',
  'key-replaced-in-seg':
    'log/0000000000000000.jsonl, record 0, byte 0: the line at byte 310 is a checkpoint that the key of the ledger did not sign.',
  'second-seg-live-key':
    'log/0000000000000000.jsonl, record 8, byte 8663: the line changes the key before a checkpoint.',
  'seg-not-first-live-key':
    'log/0000000000000000.jsonl, record 0, byte 0: the line does not name the key of the ledger.',
  'torn-last-line':
    'log/0000000000000000.jsonl, byte 8875: the last 176 bytes are a line that was never finished, after record 8.',
  'no-last-line-feed':
    'log/0000000000000000.jsonl, byte 8875: the last 195 bytes are a line that was never finished, after record 8.',
  'garbage-after-end':
    'log/0000000000000000.jsonl, byte 9071: the last 7 bytes are a line that was never finished, after record 8.',
  'garbage-line-after-end':
    'log/0000000000000000.jsonl, record 9, byte 9071: the line does not begin as a record does.',
  'last-checkpoint-removed': 'log/0000000000000000.jsonl: no signed checkpoint covers records 7 to 8, the last ones.',
  'empty-file': 'the ledger holds no record under a checkpoint.',
  'cut-in-first-line':
    'log/0000000000000000.jsonl, byte 0: the last 50 bytes are a line that was never finished, before any record.',
  'result-removed-live-key': 'ledger: record 6: the heartbeat counts other records than stand before it.',
  'result-twice-live-key': 'ledger: record 8: an outcome of record 1, which is no forwarded call without one.',
  'result-of-a-denial-live-key': 'ledger: record 8: an outcome of record 6, which is no forwarded call without one.',
  'wall-clock-turned-live-key':
    'ledger: record 3 (2026-11-24T04:59:00.030Z): the wall clock was turned by 60 s; times are not sure.',
  'monotonic-back-live-key': 'ledger: record 3: the monotonic clock went back by 1 s.',
  'silence-live-key':
    'ledger: nothing was recorded from 2026-11-24T05:00:00.030Z (record 4) to 2026-11-24T05:10:00.040Z (record 5), 10 min.',
  'counter-changed-live-key': 'ledger: record 7: the heartbeat counts other records than stand before it.',
  'counter-omitted-live-key': 'ledger: record 7: the heartbeat counts other records than stand before it.',
  'both-clocks-back-live-key': 'ledger: record 3: the monotonic clock went back by 1 s.',
  'other-boot-earlier-live-key':
    'ledger: record 8 (2026-11-24T04:59:00.050Z): earlier than the record before it, by 60 s.',
  'call-without-forwarded-live-key': 'ledger: record 6: a call without id, or without saying whether it was forwarded.',
  'first-segment-missing': 'log/0000000000000005.jsonl does not begin with record 0, which comes next.',
  'middle-segment-missing': 'log/0000000000000010.jsonl does not begin with record 5, which comes next.',
  'middle-segment-missing-renamed':
    'log/0000000000000005.jsonl, record 5, byte 0: the line says it is record 10 where record 5 belongs.',
  'segments-exchanged':
    'log/0000000000000005.jsonl, record 5, byte 0: the line says it is record 10 where record 5 belongs.',
  'segment-copied': 'log/0000000000000007.jsonl does not begin with record 10, which comes next.',
  'segment-twice': 'log/0000000000000099.jsonl does not begin with record 16, which comes next.',
  'stray-file': 'log/notes.txt is not a segment file; nothing else belongs in log/.',
  'stray-name-of-other-length': 'log/16.jsonl is not a segment file; nothing else belongs in log/.',
  'link-in-log': 'log/0000000000000016.jsonl is not a segment file; nothing else belongs in log/.',
  'segment-is-a-link': 'log/0000000000000010.jsonl is not a segment file; nothing else belongs in log/.',
  'empty-segment-between': 'log/0000000000000003.jsonl does not begin with record 5, which comes next.',
  'segment-emptied': 'log/0000000000000010.jsonl does not begin with record 5, which comes next.',
  'segment-of-another-ledger':
    'log/0000000000000000.jsonl, record 4, byte 1885: the line at byte 0 of log/0000000000000005.jsonl holds a link that is not the hash of record 4: that record, or this link, was changed.',
  'closing-checkpoint-removed':
    'log/0000000000000005.jsonl: no signed checkpoint covers records 8 to 9, yet another segment follows.',
  'cut-in-a-closed-segment':
    'log/0000000000000005.jsonl, record 10, byte 2144: the line is cut off in a segment that others follow.',
  'last-line-moved-to-next-file':
    'log/0000000000000000.jsonl: no signed checkpoint covers records 3 to 4, yet another segment follows.',
  'two-segments-in-one-file':
    'log/0000000000000000.jsonl, record 5, byte 2340: the line names a key and is not the first of its file.',
  'old-checkpoint-by-newer-key':
    'log/0000000000000000.jsonl, record 2, byte 961: the line at byte 1220 is a checkpoint that the key of the ledger did not sign.',
  'new-checkpoint-by-older-key':
    'log/0000000000000010.jsonl, record 12, byte 964: the line at byte 1225 is a checkpoint that the key of the ledger did not sign.',
  'old-segment-edited-by-newest-key':
    'log/0000000000000000.jsonl, record 2, byte 960: the line at byte 1219 is a checkpoint that the key of the ledger did not sign.',
  'all-segment-keys-stolen':
    'log/0000000000000005.jsonl, record 5, byte 0: the line names a key that the root key did not certify.',
  'segment-key-replaced':
    'log/0000000000000005.jsonl, record 5, byte 0: the line names a key that the root key did not certify.',
  'first-key-replaced':
    'log/0000000000000000.jsonl, record 0, byte 0: the line names a key that the root key did not certify.',
  'certificate-of-another-place':
    'log/0000000000000005.jsonl, record 5, byte 0: the line names a key that the root key did not certify.',
  'certificate-junk':
    'log/0000000000000010.jsonl, record 10, byte 0: the line names a key that the root key did not certify.',
  'segment-key-malformed': 'log/0000000000000005.jsonl, record 5, byte 0: the line does not name a key of the ledger.',
  'certificate-removed': 'log/0000000000000005.jsonl, record 5, byte 0: the line does not name a root of the ledger.',
  'root-exchanged-in-the-middle': 'log/0000000000000005.jsonl, record 5, byte 0: the line names another root key.',
  'replaced-wholly-with-its-root':
    'the ledger: signed by another key than the one the trust file names for example.com/mcp/gw-1: <key>.',
  'kept-open-segment-edited':
    'the ledger: its first 16 records do not give the root <hash> that the trust file confirmed: one of them was changed since.',
  'kept-last-segment-dropped': 'the ledger: ends after 10 records, but the trust file confirmed 16.',
  'kept-one-record-dropped': 'the ledger: ends after 15 records, but the trust file confirmed 16.',
  'kept-rolled-back': 'the ledger: ends after 5 records, but the trust file confirmed 10.',
  'kept-replaced-wholly':
    'the ledger: signed by another key than the one the trust file names for example.com/mcp/gw-1: <key>.',
  'kept-forked-before-it':
    'the ledger: its first 5 records do not give the root <hash> that the trust file confirmed: one of them was changed since.',
};
