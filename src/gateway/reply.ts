import type { ServerResponse } from 'node:http';
import type { JsonNode } from '../base/json.js';
import type { CallTask, EventFields, Recorded } from '../model/call.js';
import type { Principal } from '../model/principal.js';
import type { Reply } from './pipeline.js';
import { errorBytes, type Refusal } from './refuse.js';

const KEEP_ALIVE_MS = 15_000;

const eventHead = ({ id, event, retry }: EventFields): string =>
  `${event === undefined ? '' : `event: ${event}\n`}${id === undefined ? '' : `id: ${id}\n`}${retry === undefined ? '' : `retry: ${retry}\n`}`;

/**
 * One HTTP response: a single JSON answer where that is the first thing to say, else an event stream.
 * A client that went away is no error: what it missed is on record.
 */
export class HttpReply implements Reply {
  private readonly response: ServerResponse;
  private streaming = false;
  private keepAlive: NodeJS.Timeout | undefined;
  private token: string | number | undefined;
  private progress = 0;
  private id: string | null = null;
  private task: CallTask | undefined;
  private headers: Readonly<Record<string, string>> = {};
  session: string | undefined;
  principal: Principal | undefined;

  constructor(response: ServerResponse) {
    this.response = response;
    response.once('close', () => clearInterval(this.keepAlive));
    // A write to a response that is over shows here; without a listener it would end the process.
    response.on('error', () => clearInterval(this.keepAlive));
  }

  identified(principal: Principal): void {
    this.principal = principal;
  }

  known({ message, session, era, task }: Parameters<Reply['known']>[0]): void {
    this.id = message.id;
    this.session = session;
    this.task = task;
    if (era === 'legacy') this.headers = { 'mcp-session-id': session };
  }

  private head(status: number, headers: Readonly<Record<string, string | number>>): void {
    this.response.writeHead(status, { 'cache-control': 'no-store', ...this.headers, ...headers });
  }

  /** Opens the event stream, with what keeps the connection from being cut for silence. */
  hold(progressToken?: JsonNode): void {
    this.token = progressToken?.kind === 'string' || progressToken?.kind === 'number' ? progressToken.value : undefined;
    if (this.response.headersSent) return;
    this.head(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    this.response.flushHeaders();
    this.streaming = true;
    if (this.response.destroyed) return;
    this.keepAlive = setInterval(() => this.response.write(this.signOfLife()), KEEP_ALIVE_MS);
  }

  /** Progress of the gateway's own, which says nothing of the call; below all that a server counts. */
  private signOfLife(): string {
    if (this.token === undefined) return ': keep-alive\n\n';
    this.progress += 1e-6;
    const params = { progressToken: this.token, progress: this.progress, message: 'waits for approval' };
    return `data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params })}\n\n`;
  }

  async prime(event: EventFields): Promise<void> {
    this.hold();
    await this.write(`${eventHead(event)}data:\n\n`);
  }

  /** Writes to the event stream; resolves when the client keeps up, or is gone. */
  private async write(bytes: Buffer | string): Promise<void> {
    const more = this.response.write(bytes);
    if (!more && !this.response.destroyed) await this.drained();
  }

  async send(recorded: Recorded): Promise<void> {
    const { final, told, http = 200, bytes } = recorded;
    if (final && !told && this.task) return this.send({ ...recorded, ...this.settle(bytes) });
    if (final && !this.response.headersSent) {
      this.json(http, bytes);
      return;
    }
    this.hold();
    const head = recorded.event ? eventHead(recorded.event) : '';
    await this.write(Buffer.concat([Buffer.from(`${head}data: `), recorded.bytes, Buffer.from('\n\n')]));
  }

  /** The answer to the poll of a task, out of that of its call. */
  private settle(answer: Buffer): Pick<Recorded, 'bytes' | 'told' | 'http'> {
    return { bytes: this.task?.settle(answer, this.id ?? 'null') ?? answer, told: true, http: 200 };
  }

  private drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.response.off('drain', done);
        this.response.off('close', done);
        resolve();
      };
      this.response.once('drain', done);
      this.response.once('close', done);
    });
  }

  onClose(callback: () => void): void {
    // The client may have gone while its token was checked.
    if (this.response.destroyed) callback();
    else this.response.once('close', callback);
  }

  /** The session is over. */
  ended(): void {
    this.response.writeHead(204, { 'cache-control': 'no-store' });
    this.response.end();
  }

  accepted(): void {
    this.head(202, {});
    this.response.end();
  }

  private json(status: number, bytes: Buffer, headers: Readonly<Record<string, string>> = {}): void {
    this.head(status, { 'content-type': 'application/json', 'content-length': bytes.length, ...headers });
    this.response.end(bytes);
  }

  /** Ends with the gateway's own answer. */
  refuse(refusal: Refusal, headers: Readonly<Record<string, string>> = {}): void {
    const own = errorBytes(refusal, this.id ?? refusal.id);
    const { bytes, http = refusal.http } = this.task ? this.settle(own) : { bytes: own };
    clearInterval(this.keepAlive);
    if (this.streaming) this.response.end(`data: ${bytes.toString('utf8')}\n\n`);
    else if (!this.response.headersSent) this.json(http, bytes, headers);
  }

  end(): void {
    clearInterval(this.keepAlive);
    if (!this.response.writableEnded) this.response.end();
  }
}
