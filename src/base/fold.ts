/**
 * Equal for names that some reader may take for one: in another case, the long s and the Kelvin sign included, or in
 * another form of the same letters (Unicode NFKC).
 */
export const foldName = (name: string): string =>
  PLAIN.test(name) ? name.toLowerCase() : name.normalize('NFKC').toUpperCase().toLowerCase();

/** In ASCII there is one other form of a letter. */
const PLAIN = /^[\x20-\x7e]*$/;
