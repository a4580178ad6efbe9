/** Reads CSV (RFC 4180). */

/** What is longer than this is no field of ours. */
const MAX_FIELD = 1024 * 1024;

/** Takes characters one by one. */
class Reader {
  private record: string[] = [];
  private text = '';
  /** Inside quotes, or at a quote that may be doubled or the last. */
  private state: 'plain' | 'quoted' | 'quote' = 'plain';

  /** @returns the record that this character ends */
  take(character: string): readonly string[] | null {
    if (this.state === 'quoted') {
      if (character === '"') this.state = 'quote';
      else this.add(character);
    } else if (character === '"') this.quote();
    else if (character === ',') this.field();
    else if (character === '\n') return this.end();
    else if (character !== '\r') {
      if (this.state === 'quote') throw new Error('text follows a closing quote');
      this.add(character);
    }
    return null;
  }

  /** @returns what follows the last line feed */
  rest(): readonly string[] | null {
    if (this.state === 'quoted') throw new Error('a quote is never closed');
    return this.text === '' && this.record.length === 0 ? null : this.end();
  }

  private add(character: string): void {
    if (this.text.length >= MAX_FIELD) throw new Error('a field is longer than 1 MiB');
    this.text += character;
  }

  private quote(): void {
    if (this.state === 'quote') this.add('"');
    else if (this.text !== '') throw new Error('a quote stands within a field');
    this.state = 'quoted';
  }

  private field(): void {
    this.record.push(this.text);
    this.text = '';
    this.state = 'plain';
  }

  private end(): readonly string[] {
    this.field();
    const done = this.record;
    this.record = [];
    return done;
  }
}

/**
 * Records of RFC 4180 text in bounded memory: comma, CRLF or LF, quotes doubled. Apostrophes in front of
 * what looks like a formula stay.
 * @throws Error where a quote is out of place or never closed, or a field is longer than 1 MiB
 */
export async function* csvRecords(
  chunks: AsyncIterable<string> | readonly string[],
): AsyncGenerator<readonly string[]> {
  const reader = new Reader();
  for await (const chunk of chunks) {
    for (const character of chunk) {
      const record = reader.take(character);
      if (record !== null) yield record;
    }
  }
  const last = reader.rest();
  if (last !== null) yield last;
}
