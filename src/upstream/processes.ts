/** How many server processes may run at once, in all and for one principal: each is memory of this machine. */
import { UpstreamError } from '../model/call.js';
import type { PrincipalKey } from '../model/principal.js';

export interface ProcessLimits {
  readonly inAll: number;
  readonly perPrincipal: number;
}

/** Far below the limits on sessions: a session with an HTTP server costs a few kilobytes, a process tens of megabytes. */
export const PROCESS_LIMITS: ProcessLimits = { inAll: 256, perPrincipal: 64 };

export class Processes {
  private readonly running = new Map<PrincipalKey, number>();
  private total = 0;
  private readonly limits: ProcessLimits;

  constructor(limits: ProcessLimits) {
    this.limits = limits;
  }

  /**
   * Takes a place for one process.
   * @returns gives the place back; safe to call again
   * @throws UpstreamError refused, where there is none
   */
  take(owner: PrincipalKey): () => void {
    const own = this.running.get(owner) ?? 0;
    if (this.total >= this.limits.inAll || own >= this.limits.perPrincipal)
      throw new UpstreamError('refused', 'too many server processes are running; end a session or try again later');
    this.total++;
    this.running.set(owner, own + 1);
    let taken = true;
    return () => {
      if (!taken) return;
      taken = false;
      this.total--;
      const left = (this.running.get(owner) ?? 1) - 1;
      if (left > 0) this.running.set(owner, left);
      else this.running.delete(owner);
    };
  }
}
