;; The pass over the bytes of a text that decides where detectors look: see prefilter.ts, which fills the memory.
;; Assembled by `npm run wasm`; a test assembles it again and compares.
;;
;; 0      256 bytes: for each byte, the groups of fingerprints in which it may stand before an anchor, a bit each
;; 256    16 bytes: the groups of which a byte with this low half may be an anchor; 272 the same for its high half
;; 512    16 bytes: the alphabets of base64 by low half of a byte, a bit for each high half; 528 the bits of the halves
;; 768    256 bytes: 1 for digits and the underscore, 3 for letters
;; 1024   4096 bytes: triples of letters that a name may end with, a bit each
;; 5120   1024 bytes: 1 for a list of detectors that all hang on the end of a name
;; 6144   256 bytes: 1 for what is left out at the end of a name
;; 6400   256 bytes: what a character of base64 does not rule out, by its place in a group of four, see base64.ts
;; 6656   256 bytes: the six bits that it stands for
;; 6912   256 bytes: how many bytes follow a first byte of UTF-8; 255 for those that are none, or unreadable
;; 8192   65536 bytes: pairs of bytes to lists
;; 73744  the text, up to 16368 bytes, the 16 bytes before it, the one behind it, and zeros
;; 90144  a bit for each byte of base64
;; 92224  what was found: offset * 65536 + list
;; 157696 runs of base64: start * 65536 + end, and 32768 where they may be text
;; The tables by the byte behind an anchor, the one two before it, and of the pairs of characters that a name may end
;; with, `before * 128 + last`, are told as parameters.
(module
  (memory (export "memory") 3)
  (global $runs (export "runs") (mut i32) (i32.const 0))

  ;; Looks at $n bytes, and says how many places were found.
  (func (export "scan") (param $n i32) (param $byAfter i32) (param $byTwo i32)
    (param $pairs i32) (result i32)
    (local $off i32) (local $at i32) (local $mask i32) (local $kept i32) (local $found i32) (local $list i32)
    (local $last i32) (local $code i32) (local $second i32) (local $first i32)
    (local $current v128) (local $low v128) (local $high v128) (local $previous v128) (local $anchors v128) (local $befores v128)
    (local.set $found (i32.const 92224))
    (block $scanned
      (loop $block
        (br_if $scanned (i32.ge_u (local.get $off) (local.get $n)))
        (local.set $at (i32.add (local.get $off) (i32.const 73744)))
        (local.set $current (v128.load (local.get $at)))
        (local.set $previous (v128.load (i32.sub (local.get $at) (i32.const 1))))
        ;; The groups of the low half of a byte and of its high half: those of both.
        (local.set $low (v128.and (local.get $current) (v128.const i32x4 0x0f0f0f0f 0x0f0f0f0f 0x0f0f0f0f 0x0f0f0f0f)))
        (local.set $high (v128.and (i16x8.shr_u (local.get $current) (i32.const 4)) (v128.const i32x4 0x0f0f0f0f 0x0f0f0f0f 0x0f0f0f0f 0x0f0f0f0f)))
        (local.set $anchors
          (v128.and
            (i8x16.swizzle (v128.load offset=256 (i32.const 0)) (local.get $low))
            (i8x16.swizzle (v128.load offset=272 (i32.const 0)) (local.get $high))))
        ;; Beyond ASCII every byte counts as the edge of the text does.
        ;; A look-up in a table of 128 entries, sixteen at a time: all but one give zero.
        (local.set $befores
          (v128.and (i8x16.shr_s (local.get $previous) (i32.const 7)) (v128.load8_splat (i32.const 0))))
        (local.set $befores (v128.or (local.get $befores) (i8x16.swizzle (v128.load offset=0 (i32.const 0)) (local.get $previous))))
        (local.set $befores (v128.or (local.get $befores) (i8x16.swizzle (v128.load offset=16 (i32.const 0)) (v128.xor (local.get $previous) (v128.const i32x4 0x10101010 0x10101010 0x10101010 0x10101010)))))
        (local.set $befores (v128.or (local.get $befores) (i8x16.swizzle (v128.load offset=32 (i32.const 0)) (v128.xor (local.get $previous) (v128.const i32x4 0x20202020 0x20202020 0x20202020 0x20202020)))))
        (local.set $befores (v128.or (local.get $befores) (i8x16.swizzle (v128.load offset=48 (i32.const 0)) (v128.xor (local.get $previous) (v128.const i32x4 0x30303030 0x30303030 0x30303030 0x30303030)))))
        (local.set $befores (v128.or (local.get $befores) (i8x16.swizzle (v128.load offset=64 (i32.const 0)) (v128.xor (local.get $previous) (v128.const i32x4 0x40404040 0x40404040 0x40404040 0x40404040)))))
        (local.set $befores (v128.or (local.get $befores) (i8x16.swizzle (v128.load offset=80 (i32.const 0)) (v128.xor (local.get $previous) (v128.const i32x4 0x50505050 0x50505050 0x50505050 0x50505050)))))
        (local.set $befores (v128.or (local.get $befores) (i8x16.swizzle (v128.load offset=96 (i32.const 0)) (v128.xor (local.get $previous) (v128.const i32x4 0x60606060 0x60606060 0x60606060 0x60606060)))))
        (local.set $befores (v128.or (local.get $befores) (i8x16.swizzle (v128.load offset=112 (i32.const 0)) (v128.xor (local.get $previous) (v128.const i32x4 0x70707070 0x70707070 0x70707070 0x70707070)))))
        ;; What lies behind the end does not count.
        (local.set $kept (i32.const 0xffff))
        (if (i32.lt_u (i32.sub (local.get $n) (local.get $off)) (i32.const 16))
          (then
            (local.set $kept
              (i32.sub (i32.shl (i32.const 1) (i32.sub (local.get $n) (local.get $off))) (i32.const 1)))))
        (i32.store16 offset=90144 (i32.shr_u (local.get $off) (i32.const 3))
          (i32.and (local.get $kept)
            (i8x16.bitmask
              (i8x16.ne
                (v128.and
                  (i8x16.swizzle (v128.load offset=512 (i32.const 0)) (local.get $low))
                  (i8x16.swizzle (v128.load offset=528 (i32.const 0)) (local.get $high)))
                (v128.const i64x2 0 0)))))
        (local.set $mask
          (i32.and (local.get $kept)
            (i8x16.bitmask
              (i8x16.ne (v128.and (local.get $anchors) (local.get $befores)) (v128.const i64x2 0 0)))))
        (block $none
          (loop $bit
            (br_if $none (i32.eqz (local.get $mask)))
            (local.set $at
              (i32.add (i32.add (local.get $off) (i32.const 73744)) (i32.ctz (local.get $mask))))
            (local.set $mask (i32.and (local.get $mask) (i32.sub (local.get $mask) (i32.const 1))))
            (local.set $list
              (i32.load8_u offset=8192
                (i32.or
                  (i32.shl (i32.load8_u (i32.sub (local.get $at) (i32.const 1))) (i32.const 8))
                  (i32.load8_u (local.get $at)))))
            (br_if $bit (i32.eqz (local.get $list)))
            (local.set $list
              (i32.load16_u
                (i32.add (local.get $byAfter)
                  (i32.shl
                    (i32.or (i32.shl (local.get $list) (i32.const 8)) (i32.load8_u offset=1 (local.get $at)))
                    (i32.const 1)))))
            (br_if $bit (i32.eqz (local.get $list)))
            (local.set $list
              (i32.load16_u
                (i32.add (local.get $byTwo)
                  (i32.shl
                    (i32.or
                      (i32.shl (local.get $list) (i32.const 8))
                      (i32.load8_u (i32.sub (local.get $at) (i32.const 2))))
                    (i32.const 1)))))
            (br_if $bit (i32.eqz (local.get $list)))
            (block $keep
              (br_if $keep (i32.eqz (i32.load8_u offset=5120 (local.get $list))))
              ;; The last letter of the name, over one quotation mark. A name may end otherwise; that is not told here.
              (local.set $last (i32.sub (local.get $at) (i32.const 1)))
              (local.set $last
                (i32.sub (local.get $last) (i32.eq (i32.load8_u (local.get $last)) (i32.const 0x22))))
              (local.set $code (i32.load8_u (local.get $last)))
              (local.set $second (i32.load8_u (i32.sub (local.get $last) (i32.const 1))))
              (br_if $keep (i32.eqz (i32.load8_u offset=768 (local.get $code))))
              (br_if $keep (i32.eq (local.get $second) (i32.const 0x5c)))
              ;; Digits and separators at the end of the name are left out, eight at most.
              (local.set $kept (i32.sub (local.get $last) (i32.const 8)))
              (block $trimmed
                (loop $trim
                  (br_if $trimmed (i32.eqz (i32.load8_u offset=6144 (local.get $code))))
                  (br_if $keep (i32.eq (local.get $last) (local.get $kept)))
                  (local.set $last (i32.sub (local.get $last) (i32.const 1)))
                  (local.set $code (i32.load8_u (local.get $last)))
                  (br $trim)))
              (local.set $second (i32.load8_u (i32.sub (local.get $last) (i32.const 1))))
              (local.set $first (i32.load8_u (i32.sub (local.get $last) (i32.const 2))))
              (if
                (i32.ne (i32.const 3)
                  (i32.and (i32.load8_u offset=768 (local.get $code))
                    (i32.and (i32.load8_u offset=768 (local.get $second)) (i32.load8_u offset=768 (local.get $first)))))
                (then
                  (br_if $keep (i32.ge_u (i32.or (local.get $code) (local.get $second)) (i32.const 128)))
                  (br_if $keep
                    (i32.load8_u
                      (i32.add (local.get $pairs)
                        (i32.or (i32.shl (local.get $second) (i32.const 7)) (local.get $code)))))
                  (br $bit)))
              (local.set $code
                (i32.or
                  (i32.and (local.get $code) (i32.const 31))
                  (i32.or
                    (i32.shl (i32.and (local.get $second) (i32.const 31)) (i32.const 5))
                    (i32.shl (i32.and (local.get $first) (i32.const 31)) (i32.const 10)))))
              (br_if $bit
                (i32.eqz
                  (i32.and (i32.const 1)
                    (i32.shr_u
                      (i32.load8_u offset=1024 (i32.shr_u (local.get $code) (i32.const 3)))
                      (i32.and (local.get $code) (i32.const 7)))))))
            (i32.store (local.get $found)
              (i32.or
                (i32.shl (i32.sub (local.get $at) (i32.const 73744)) (i32.const 16))
                (local.get $list)))
            (local.set $found (i32.add (local.get $found) (i32.const 4)))
            (br $bit)))
        (local.set $off (i32.add (local.get $off) (i32.const 16)))
        (br $block)))
    (i64.store offset=90144 (i32.shr_u (local.get $off) (i32.const 3)) (i64.const 0))
    (global.set $runs (call $base64 (local.get $n)))
    (i32.shr_u (i32.sub (local.get $found) (i32.const 92224)) (i32.const 2)))

  ;; The bits of base64 from bit $i on: 57 of them, and zeros.
  (func $bitsAt (param $i i32) (result i64)
    (i64.shr_u
      (i64.load offset=90144 (i32.shr_u (local.get $i) (i32.const 3)))
      (i64.extend_i32_u (i32.and (local.get $i) (i32.const 7)))))

  ;; Writes the runs of 12 bytes or more that may be base64 of text, those of 40 or more, and one that touches the end,
  ;; however short; says how many.
  (func $base64 (param $n i32) (result i32)
    (local $i i32) (local $end i32) (local $out i32) (local $text i32) (local $bits i64) (local $run i64)
    (local.set $out (i32.const 157696))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (local.set $run (call $bitsAt (local.get $i)))
        ;; A bit stays where it and the one behind it are set; then the two behind it; then four; then four more.
        (local.set $run (i64.and (local.get $run) (i64.shr_u (local.get $run) (i64.const 1))))
        (local.set $run (i64.and (local.get $run) (i64.shr_u (local.get $run) (i64.const 2))))
        (local.set $bits (local.get $run))
        (local.set $run (i64.and (local.get $run) (i64.shr_u (local.get $run) (i64.const 4))))
        (local.set $run (i64.and (local.get $run) (i64.shr_u (local.get $bits) (i64.const 8))))
        (if (i64.eqz (local.get $run))
          (then
            ;; Of 57 bits the last eleven may begin a run that goes on.
            (local.set $i (i32.add (local.get $i) (i32.const 46)))
            (br $next)))
        (local.set $i (i32.add (local.get $i) (i32.wrap_i64 (i64.ctz (local.get $run)))))
        (local.set $end (call $endOf (i32.add (local.get $i) (i32.const 12))))
        (local.set $text
          (i32.or
            (i32.eq (local.get $end) (local.get $n))
            (call $plausible
              (i32.add (local.get $i) (i32.const 73744))
              (i32.add (local.get $end) (i32.const 73744)))))
        (if (i32.or (local.get $text) (i32.ge_u (i32.sub (local.get $end) (local.get $i)) (i32.const 40)))
          (then (local.set $out (call $write (local.get $out) (local.get $i) (local.get $end) (local.get $text)))))
        (local.set $i (i32.add (local.get $end) (i32.const 1)))
        (br $next)))
    ;; What was written last may be the one at the end; if not, any bits before it are a short run.
    (if (i32.lt_u (local.get $end) (local.get $n))
      (then
        (local.set $i (local.get $n))
        (block $start
          (loop $back
            (br_if $start (i32.le_u (local.get $i) (local.get $end)))
            (br_if $start
              (i64.eqz (i64.and (call $bitsAt (i32.sub (local.get $i) (i32.const 1))) (i64.const 1))))
            (local.set $i (i32.sub (local.get $i) (i32.const 1)))
            (br $back)))
        (if (i32.lt_u (local.get $i) (local.get $n))
          (then (local.set $out (call $write (local.get $out) (local.get $i) (local.get $n) (i32.const 1)))))))
    (i32.shr_u (i32.sub (local.get $out) (i32.const 157696)) (i32.const 2)))

  ;; Where the bits that are set from $i on end.
  (func $endOf (param $i i32) (result i32)
    (local $set i32)
    (loop $more
      (local.set $set
        (i32.wrap_i64 (i64.ctz (i64.xor (call $bitsAt (local.get $i)) (i64.const -1)))))
      (local.set $i (i32.add (local.get $i) (local.get $set)))
      (br_if $more (i32.gt_u (local.get $set) (i32.const 56))))
    (local.get $i))

  ;; Whether the base64 in the memory from $start to $end may hold readable text: see `isPlausible` of base64.ts, which is
  ;; stricter. Its first byte may belong to an escape before it.
  (func $plausible (param $start i32) (param $end i32) (result i32)
    (local $i i32) (local $last i32) (local $quad i32) (local $alignment i32)
    (local.set $i (local.get $start))
    (local.set $last (i32.sub (local.get $end) (i32.const 11)))
    (block $signs
      (loop $next
        (if (call $readable (local.get $i) (local.get $end)) (then (return (i32.const 1))))
        (loop $sign
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $signs (i32.gt_u (local.get $i) (local.get $last)))
          (br_if $next (i32.eq (local.get $i) (i32.add (local.get $start) (i32.const 1))))
          (br_if $sign
            (i32.lt_u (i32.load8_u offset=6656 (i32.load8_u (i32.sub (local.get $i) (i32.const 1)))) (i32.const 62))))
        (br $next)))
    ;; Six groups of four in a row, looked at from the last one back.
    (loop $align
      (local.set $i (i32.add (local.get $start) (local.get $alignment)))
      (block $none
        (loop $stretch
          (br_if $none (i32.gt_u (i32.add (local.get $i) (i32.const 24)) (local.get $end)))
          (local.set $quad (i32.add (local.get $i) (i32.const 20)))
          (loop $back
            (if
              (i32.and
                (i32.and
                  (i32.load8_u offset=6400 (i32.load8_u (local.get $quad)))
                  (i32.shr_u (i32.load8_u offset=6400 (i32.load8_u offset=1 (local.get $quad))) (i32.const 1)))
                (i32.and
                  (i32.shr_u (i32.load8_u offset=6400 (i32.load8_u offset=2 (local.get $quad))) (i32.const 2))
                  (i32.const 1)))
              (then
                (if (i32.eq (local.get $quad) (local.get $i)) (then (return (i32.const 1))))
                (local.set $quad (i32.sub (local.get $quad) (i32.const 4)))
                (br $back))))
          (local.set $i (i32.add (local.get $quad) (i32.const 4)))
          (br $stretch)))
      (local.set $alignment (i32.add (local.get $alignment) (i32.const 1)))
      (br_if $align (i32.lt_u (local.get $alignment) (i32.const 4))))
    (i32.const 0))

  ;; Whether the first 24 bytes that base64 stands for are readable UTF-8.
  (func $readable (param $i i32) (param $end i32) (result i32)
    (local $last i32) (local $bits i32) (local $shift i32) (local $byte i32) (local $trailing i32)
    (local.set $last (i32.add (local.get $i) (i32.const 32)))
    (if (i32.gt_u (local.get $last) (local.get $end)) (then (local.set $last (local.get $end))))
    (loop $quad
      (if (i32.gt_u (i32.add (local.get $i) (i32.const 4)) (local.get $last)) (then (return (i32.const 1))))
      (local.set $bits
        (i32.or
          (i32.or
            (i32.shl (i32.load8_u offset=6656 (i32.load8_u (local.get $i))) (i32.const 18))
            (i32.shl (i32.load8_u offset=6656 (i32.load8_u offset=1 (local.get $i))) (i32.const 12)))
          (i32.or
            (i32.shl (i32.load8_u offset=6656 (i32.load8_u offset=2 (local.get $i))) (i32.const 6))
            (i32.load8_u offset=6656 (i32.load8_u offset=3 (local.get $i))))))
      (local.set $shift (i32.const 16))
      (loop $each
        (local.set $byte (i32.and (i32.shr_u (local.get $bits) (local.get $shift)) (i32.const 255)))
        (if (local.get $trailing)
          (then
            (if (i32.ne (i32.and (local.get $byte) (i32.const 0xc0)) (i32.const 0x80)) (then (return (i32.const 0))))
            (local.set $trailing (i32.sub (local.get $trailing) (i32.const 1))))
          (else
            (local.set $trailing (i32.load8_u offset=6912 (local.get $byte)))
            (if (i32.eq (local.get $trailing) (i32.const 255)) (then (return (i32.const 0))))))
        (local.set $shift (i32.sub (local.get $shift) (i32.const 8)))
        (br_if $each (i32.ge_s (local.get $shift) (i32.const 0))))
      (local.set $i (i32.add (local.get $i) (i32.const 4)))
      (br $quad))
    (unreachable))

  (func $write (param $out i32) (param $start i32) (param $end i32) (param $text i32) (result i32)
    (i32.store (local.get $out)
      (i32.or
        (i32.or (i32.shl (local.get $start) (i32.const 16)) (i32.shl (local.get $text) (i32.const 15)))
        (local.get $end)))
    (i32.add (local.get $out) (i32.const 4))))
