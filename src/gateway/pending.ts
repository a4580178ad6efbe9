import type { Recorded } from '../model/call.js';

/** A request that ends here with an answer which is no refusal: a call that waits for a person, or a poll of it. */
export class Pending extends Error {
  readonly answer: Recorded;
  constructor(answer: Recorded) {
    super('the request is answered before it goes on');
    this.name = 'Pending';
    this.answer = answer;
  }
}
