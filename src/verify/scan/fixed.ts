/**
 * The index behind a text that must stand at `at`; -1 where another stands there, or `at` is -1 already.
 */
export const behind = (bytes: Uint8Array, at: number, text: Uint8Array): number => {
  if (at < 0) return -1;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return -1;
  return at + text.length;
};
