/** The revisions of the protocol that are served. */
import { REVISIONS } from './2025-11-25/message.js';
import { REVISION } from './2026-07-28/envelope.js';

/** Newest first. */
export const SERVED: readonly string[] = [REVISION, ...REVISIONS];
