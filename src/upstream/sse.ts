import type { UpstreamMessage } from '../model/call.js';

const LF = 0x0a;
const CR = 0x0d;

/**
 * Incremental parser of `text/event-stream` (HTML standard §9.2.6): CR, LF and CRLF, comments, several data
 * lines. It works on bytes, so a character that is cut by a chunk stays whole.
 */
export class SseParser {
  /** Pieces of the line that is not complete yet. */
  private pieces: Buffer[] = [];
  private data: Buffer[] = [];
  private id: string | undefined;
  private event: string | undefined;
  private retry: number | undefined;
  private bytes = 0;
  /** The last byte was a CR: a LF that follows belongs to it. */
  private afterCr = false;
  private readonly maxBytes: number;

  /** @param maxBytes bound on one event; more is a RangeError */
  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Feeds a chunk and returns the events it completes. */
  push(chunk: Buffer): UpstreamMessage[] {
    const events: UpstreamMessage[] = [];
    let start = this.afterCr && chunk[0] === LF ? 1 : 0;
    if (chunk.length > 0) this.afterCr = false;
    for (let end = lineEnd(chunk, start); end >= 0; end = lineEnd(chunk, start)) {
      this.line(this.complete(chunk.subarray(start, end)), events);
      start = end + 1;
      if (chunk[end] !== CR) continue;
      if (start === chunk.length) this.afterCr = true;
      else if (chunk[start] === LF) start++;
    }
    if (start < chunk.length) this.keep(chunk.subarray(start));
    return events;
  }

  private keep(piece: Buffer): void {
    this.count(piece.length);
    this.pieces.push(Buffer.from(piece));
  }

  private complete(tail: Buffer): Buffer {
    this.count(tail.length);
    if (this.pieces.length === 0) return tail;
    const line = Buffer.concat([...this.pieces, tail]);
    this.pieces = [];
    return line;
  }

  private count(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > this.maxBytes) throw new RangeError(`an event is over ${this.maxBytes} bytes`);
  }

  private line(line: Buffer, events: UpstreamMessage[]): void {
    if (line.length === 0) {
      const event = this.dispatch();
      if (event) events.push(event);
      return;
    }
    const colon = line.indexOf(0x3a);
    if (colon === 0) return;
    const name = line.toString('latin1', 0, colon < 0 ? line.length : colon);
    const from = colon < 0 ? line.length : colon + (line[colon + 1] === 0x20 ? 2 : 1);
    this.field(name, line.subarray(from));
  }

  private field(name: string, value: Buffer): void {
    if (name === 'data') this.data.push(Buffer.from(value));
    else if (name === 'event') this.event = singleLine(value);
    else if (name === 'id' && !value.includes(0)) this.id = singleLine(value);
    else if (name === 'retry' && /^\d{1,9}$/.test(value.toString('latin1')))
      this.retry = Number(value.toString('latin1'));
  }

  private dispatch(): UpstreamMessage | undefined {
    const { id, event, retry } = this;
    const lines = this.data;
    this.data = [];
    this.bytes = 0;
    this.id = this.event = this.retry = undefined;
    if (lines.length === 0 && id === undefined && retry === undefined) return undefined;
    const joined =
      lines.length === 1 ? lines[0] : Buffer.concat(lines.flatMap((line, i) => (i === 0 ? [line] : [NEWLINE, line])));
    return {
      data: joined && joined.length > 0 ? joined : null,
      event: {
        ...(id === undefined ? {} : { id }),
        ...(event === undefined ? {} : { event }),
        ...(retry === undefined ? {} : { retry }),
      },
    };
  }
}

const NEWLINE = Buffer.from('\n');

const lineEnd = (chunk: Buffer, from: number): number => {
  const lf = chunk.indexOf(LF, from);
  const cr = (lf < 0 ? chunk : chunk.subarray(0, lf)).indexOf(CR, from);
  return cr < 0 ? lf : cr;
};

/** Bounded, without control characters: it goes out again as one line. */
const singleLine = (value: Buffer): string =>
  value
    .subarray(0, 1024)
    .toString('utf8')
    .replace(/\p{Cc}/gu, '');
