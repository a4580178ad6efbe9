/** The checks of national identity numbers, on values that have the form already. */

/** Weighted sum of the first digits of a text, the weights falling by one from `weight` on to 2. */
const weighted = (digits: string, weight: number): number => {
  let sum = 0;
  for (let i = 0; i < weight - 1; i++) sum += (weight - i) * (digits.charCodeAt(i) - 48);
  return sum;
};

/** Brazil: two check digits modulo 11 (Receita Federal, cadastro de pessoas físicas). */
export const isCpf = (value: string): boolean => {
  const digits = value.replace(/[.-]/g, '');
  const check = (length: number): number => ((weighted(digits, length + 1) * 10) % 11) % 10;
  return !/^(.)\1+$/.test(digits) && check(9) === Number(digits[9]) && check(10) === Number(digits[10]);
};

/** Italy: values of characters at odd places (decree of 23 December 1976). */
const ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
export const isCodiceFiscale = (value: string): boolean => {
  let sum = 0;
  for (let i = 0; i < 15; i++) {
    const code = value.charCodeAt(i);
    const place = code < 65 ? code - 48 : code - 65;
    sum += i % 2 === 0 ? (ODD[place] ?? 0) : place;
  }
  return String.fromCharCode(65 + (sum % 26)) === value[15];
};

/** Spain: a letter by the number modulo 23 (Real Decreto 1553/2005). */
export const isDni = (value: string): boolean =>
  'TRWAGMYFPDXBNJZSQVHLCKE'[Number(value.slice(0, 8)) % 23] === value.slice(-1);

/** France: a key of two digits, 97 less the number modulo 97; Corsica has letters (INSEE, code NIR). */
export const isNir = (value: string): boolean => {
  const bare = value.replaceAll(' ', '').replace('2A', '19').replace('2B', '18');
  return 97n - (BigInt(bare.slice(0, 13)) % 97n) === BigInt(bare.slice(13));
};

/** No number is given out with these parts (SSA, RM 10201.035). */
export const isSsn = (value: string): boolean => !/^(?:000|666|9)|-00-|-0000$/.test(value);
