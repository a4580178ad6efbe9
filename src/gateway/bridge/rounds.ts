/** Input that a server of 2026-07-28 requires, asked of clients of the older revisions as requests on their call's stream. */
import { at, type JsonNode, member, stringOf } from '../../base/json.js';
import { changeMembers } from '../../base/json-edit.js';
import type { Message } from '../../model/call.js';
import { UpstreamError } from '../../model/call.js';

/** One question, as the server wrote it. */
interface Asked {
  readonly key: string;
  /** A whole request for the client. */
  readonly request: Buffer;
  readonly id: string;
}

const textOf = (bytes: Buffer, node: JsonNode): string => bytes.toString('utf8', node.start, node.end);

/** A page that the client is to open had a name in the older revisions. */
const paramsOf = (bytes: Buffer, params: JsonNode, id: string): string => {
  const unnamed = stringOf(member(params, 'mode')) === 'url' && member(params, 'elicitationId') === undefined;
  return params.kind === 'object' && unnamed
    ? changeMembers(bytes, params, { elicitationId: id }).toString()
    : textOf(bytes, params);
};

/** The questions of an answer that requires input. */
export const questionsOf = (answer: Message, newId: () => string): readonly Asked[] => {
  const requests = at(answer.node, 'result', 'inputRequests');
  if (requests?.kind !== 'object') return [];
  return requests.members.map(({ key, value }) => {
    const id = JSON.stringify(newId());
    const method = JSON.stringify(stringOf(member(value, 'method')) ?? '');
    const params = member(value, 'params');
    const inner = params ? `,"params":${paramsOf(answer.bytes, params, id)}` : '';
    return { key: key.value, id, request: Buffer.from(`{"jsonrpc":"2.0","id":${id},"method":${method}${inner}}`) };
  });
};

/** Answers of the client that are awaited, by the id of the request. */
export class Awaited {
  private readonly waiting = new Map<string, (answer: Message) => void>();

  /**
   * Waits for an answer.
   * @returns its result, JSON text
   * @throws UpstreamError where the client answers with an error, or the call ends
   */
  wait(id: string, signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.waiting.delete(id);
        reject(signal.reason);
      };
      signal.addEventListener('abort', end, { once: true });
      this.waiting.set(id, (answer) => {
        signal.removeEventListener('abort', end);
        const result = member(answer.node, 'result');
        if (result) resolve(textOf(answer.bytes, result));
        else reject(new UpstreamError('cancelled', 'the client did not answer what the server asked'));
      });
      if (signal.aborted) end();
    });
  }

  /** @returns whether somebody waited for this answer */
  take(answer: Message): boolean {
    const resolve = this.waiting.get(answer.id ?? '');
    this.waiting.delete(answer.id ?? '');
    resolve?.(answer);
    return resolve !== undefined;
  }
}
