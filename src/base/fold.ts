/**
 * Equal for names that some reader may take for one: in another case, the long s and the Kelvin sign included, or in
 * another form of the same letters (Unicode NFKC).
 */
export const foldName = (name: string): string => name.normalize('NFKC').toUpperCase().toLowerCase();
