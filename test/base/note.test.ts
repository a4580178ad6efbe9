import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkNote,
  checkpointText,
  createNoteSigner,
  isNoteName,
  NoteError,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  signNote,
} from '../../src/base/note.js';

const { privateKey } = generateKeyPairSync('ed25519');
const signer = createNoteSigner('example.com/log', privateKey);
const root = Buffer.alloc(32, 7);
const text = checkpointText({ origin: 'example.com/log', size: 42, root });

test('the published example of the Go note package verifies', () => {
  const verifier = parseVerifierKey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
  const note = parseNote(
    'If you think cryptography is the answer to your problem,\n' +
      "then you don't know what your problem is.\n\n" +
      '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
  );
  expect(checkNote(note, verifier)).toBe(true);
  expect(checkNote({ ...note, text: note.text.replace('answer', 'Answer') }, verifier)).toBe(false);
});

test('a signed checkpoint comes back as it was', () => {
  const note = parseNote(signNote(text, [signer]));
  expect(parseCheckpoint(note.text)).toEqual({ origin: 'example.com/log', size: 42, root });
  expect(checkNote(note, parseVerifierKey(signer.key))).toBe(true);
  const other = createNoteSigner('example.com/log', generateKeyPairSync('ed25519').privateKey);
  expect(checkNote(note, parseVerifierKey(other.key))).toBeUndefined();
});

const good = signNote(text, [signer]);
const signature = good.slice(good.lastIndexOf(' ') + 1, -1);

describe('notes that are not in the one form are refused', () => {
  const cases: Record<string, string> = {
    'no signature': `${text}\n`,
    'no empty line': good.replace('\n\n', '\n'),
    'no line feed at the end': good.slice(0, -1),
    'text before a signature line': good.replace('\n\n—', '\n\nx—'),
    'a line that is none among the signatures': `${good}hello\n`,
    'a hyphen for the dash': good.replace('—', '-'),
    'junk in base64': good.replace(signature, `${signature.slice(0, 4)}\u00a0${signature.slice(4)}`),
    'bits to spare in base64': good.replace(
      signature,
      `${signature.slice(0, -2)}9${signature.slice(-1)}=`.slice(0, 97),
    ),
    'a carriage return': good.replace('\n', '\r\n'),
    'a replacement character': good.replace('example', 'ex\ufffdmple'),
    'two spaces': good.replace('— example', '—  example'),
    'two signatures of one key': `${good}— example.com/log ${signature}\n`,
    'too many signatures': good + `— example.com/log ${signature}\n`.repeat(16),
  };
  test.each(Object.entries(cases))('%s', (_name, note) => {
    expect(() => parseNote(note)).toThrow(NoteError);
  });
});

describe('checkpoints that are not in the one form are refused', () => {
  const encoded = root.toString('base64');
  const cases: Record<string, string> = {
    'leading zero': `o\n042\n${encoded}\n`,
    'plus sign': `o\n+42\n${encoded}\n`,
    'negative size': `o\n-1\n${encoded}\n`,
    'size over 2^53': `o\n9007199254740993\n${encoded}\n`,
    exponent: `o\n1e3\n${encoded}\n`,
    'short root': `o\n1\n${root.subarray(1).toString('base64')}\n`,
    'url base64': `o\n1\n${Buffer.alloc(32, 255).toString('base64url')}\n`,
    'no padding': `o\n1\n${encoded.replace('=', '')}\n`,
    'extension line': `o\n1\n${encoded}\nmore\n`,
    'empty origin': `\n1\n${encoded}\n`,
    'no end': `o\n1\n${encoded}`,
  };
  test.each(Object.entries(cases))('%s', (_name, checkpoint) => {
    expect(() => parseCheckpoint(checkpoint)).toThrow(NoteError);
  });
});

test('verifier keys that do not hold together are refused', () => {
  const [name = '', keyId = '', encoded = ''] = signer.key.split('+');
  const flipped = `${keyId.startsWith('0') ? '1' : '0'}${keyId.slice(1)}`;
  for (const key of [
    '',
    name,
    `${name}+${keyId}`,
    `${name}+${flipped}+${encoded}`,
    `other+${keyId}+${encoded}`,
    `${signer.key}=`,
    ` ${signer.key}`,
  ]) {
    expect(() => parseVerifierKey(key), key).toThrow(NoteError);
  }
});

test('names', () => {
  for (const name of ['a', 'example.com/mcp/gw-1', 'demo.invalid', 'prüfer']) expect(isNoteName(name), name).toBe(true);
  for (const name of ['', 'a b', 'a+b', 'a\nb', 'a\u00a0b', 'a\u200bb', '\ud800', 'x'.repeat(256)])
    expect(isNoteName(name)).toBe(false);
});

test('any text: parsing never throws anything but its own error', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.string().map((s) => good.replace('42', s)),
      ),
      (note) => {
        for (const parse of [parseNote, parseCheckpoint, parseVerifierKey]) {
          try {
            parse(note);
          } catch (error) {
            expect(error).toBeInstanceOf(NoteError);
          }
        }
      },
    ),
    { numRuns: 50 },
  );
});

test('a changed byte anywhere in a signed note is noticed', () => {
  const bytes = Buffer.from(good);
  const verifier = parseVerifierKey(signer.key);
  for (let i = 0; i < bytes.length; i++) {
    const changed = Buffer.from(bytes);
    changed[i] = (changed[i] ?? 0) ^ 1;
    let valid: boolean | undefined;
    try {
      valid = checkNote(parseNote(changed.toString('utf8')), verifier);
    } catch (error) {
      expect(error).toBeInstanceOf(NoteError);
    }
    expect(valid, `byte ${i}`).not.toBe(true);
  }
});
