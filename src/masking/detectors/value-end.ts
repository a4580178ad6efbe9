/** Where a value without quotes ends, in clear text and in text that was escaped. */

/** End of the line, which in escaped text is a backslash before `n` or `r`, or an escaped quote. */
export const lineEnd = (s: string, i: number): number => {
  let end = i;
  for (; end < s.length; end++) {
    const code = s.charCodeAt(end);
    if (code === 0x0a || code === 0x0d) break;
    if (code === 0x5c && endsValue(s, end)) break;
  }
  while (end > i && ' \t,;'.includes(s.charAt(end - 1))) end--;
  return end;
};

/** Whether the backslashes at `i` belong to an escape that ends a line or a string. */
const endsValue = (s: string, i: number): boolean => {
  if (s.charCodeAt(i - 1) === 0x5c) return false;
  let after = i;
  while (s.charCodeAt(after) === 0x5c && after - i < 64) after++;
  return '"\'nrt'.includes(s.charAt(after)) || after === s.length;
};

/** A comma, semicolon or ampersand that ends a value: another name follows, or nothing that could belong to it. */
const SEPARATES = /^[,;&]+(?:$|[\s"'`<>)}\]\\]|[\w.-]{1,40}[=:])/;
const SEPARATOR_REACH = 48;

/** End of a value without quotes in the middle of a line. @param i where it begins, or the mask at its beginning ends */
export const wordEnd = (s: string, i: number): number => {
  let end = i;
  for (; end < s.length; end++) {
    const code = s.charCodeAt(end);
    if (code <= 0x20 || '"\'`<>)}]|'.includes(s.charAt(end))) break;
    if (',;&'.includes(s.charAt(end)) && SEPARATES.test(s.slice(end, end + SEPARATOR_REACH))) break;
    if (code === 0x5c && endsValue(s, end)) break;
  }
  return end;
};
