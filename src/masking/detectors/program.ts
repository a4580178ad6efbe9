/** What follows a secret name in a program and is no literal: a secret stands in quotes there. */
import type { ScanText } from '../detector.js';
import { type BarePlace, isInSource, lettersOf, REACH, SMALL_NUMBER } from './source.js';

/** `token = request(…)`, `token = parts[2]`: an identifier that is called or indexed. With digits it could be a value. */
const CALL = /^[A-Za-z_$][A-Za-z_$.]{0,80}(?:\(|\[[\w$.]{1,40}\])/;
/** `idToken: await getIdToken()`, `secret: new Uint8Array()`. */
const LATER = /^(?:await|async) {1,4}[\w(]|^new {1,4}[A-Z]\w{0,40}\(|^(?:undefined|null)[,;)}]/;
/** `class Token = class extends …`, `exports.token = void 0`. */
const OPERATOR = /^(?:class|new|await|async|typeof|void|function|yield) {1,4}[\w$({[]/;
/** `token = Token.None;`: a member of another thing, without digits. One bare word could be the value: `= swordfish;`. */
const REFERENCE = /^[A-Za-z_$]{1,64}(?:\??\.[A-Za-z_$]{1,64}){1,6}!?(?:;| = |\) )/;
/** `token: this.options.token`, `accessToken: ctx.oidc.accessToken`. */
const MEMBER =
  /^(?:this|self|ctx|exports|module|options|opts|config|settings|process|req|request|args|var|local|data|random_password)(?:\??\.[A-Za-z_$]{1,64}){1,6}(?=[,;)\s]|$)/;

/** The same without a blank, as arguments are named in Python: `password=settings.password`, `token=os.environ["TOKEN"]`. */
const ARGUMENT = /^(?:os|self|config|settings|args|request)(?:\.[A-Za-z_]{1,64}){1,4}(?:[,)([]|$)/;

/** `(token: AccessToken) => void`: the type of a parameter. */
const PARAMETER_TYPE = /^[A-Z][A-Za-z_$.<>[\]| ]{0,64}\) =>/;
/** `"Network.setCookie": Network.setCookieParameters;`: behind a quoted name no format has a bare word and a semicolon. */
const MEMBER_TYPE = /^(?:[A-Za-z_$]{1,64}(?:\.[A-Za-z_$]{1,64}){1,3};|[A-Z][A-Za-z]{0,63}<["'\w{[])/;
/** `const token = other`: a declaration holds text in quotes alone, and this is none. */
const BARE = /^[A-Za-z_$]{1,64}(?![\w$])/;
const DECLARED = /\b(?:const|let|var) [\w$]{0,64}$/;

/** `sessionToken: credentials.SessionToken`: a member of the same name. */
const SAME = /^(?:[A-Za-z_$]{1,64}\??\.){1,6}([A-Za-z_$]{1,64})(?=[,;)\s]|$)/;

/** What tells an expression whatever the separator. */
const isCode = (text: string, name: string): boolean => {
  if (CALL.test(text) || MEMBER.test(text) || LATER.test(text)) return true;
  const member = SAME.exec(text)?.[1];
  return member !== undefined && lettersOf(member).endsWith(lettersOf(name));
};

const isAssigned = (text: string, before: string): boolean =>
  OPERATOR.test(text) || REFERENCE.test(text) || (BARE.test(text) && DECLARED.test(before));

/** `getOrgSecret: ['GET /orgs']`: a name of what is done, not of what is there. */
const VERB =
  /(?:^|[^\w$])(?:add|check|create|delete|get|has|is|list|remove|reset|revoke|scope|set|update)[A-Z][\w$]{0,60}$/;
/** What tells an expression in any text, behind a blank. */
const isClear = (s: string, { name, separator, start, quoted }: BarePlace): boolean => {
  const text = s.slice(start, start + REACH);
  const named = s.slice(name, separator);
  // `OpenBraceToken = 18`: no token is so short. `id-token: write`: a permission of a GitHub workflow.
  if (SMALL_NUMBER.test(text) && named.startsWith('Token')) return true;
  if (named === 'id-token' && /^(?:write|read)(?:\s|$)/.test(text)) return true;
  if (text.startsWith('[') && VERB.test(s.slice(Math.max(0, separator - REACH), separator))) return true;
  if (isCode(text, named)) return true;
  if (s.charCodeAt(separator) === 0x3d) return isAssigned(text, s.slice(Math.max(0, name - REACH), name));
  return PARAMETER_TYPE.test(text) || (quoted && MEMBER_TYPE.test(text));
};

/** Whether an expression of a program stands behind a name and a separator, and not a value. */
export const isExpression = (text: ScanText, place: BarePlace): boolean => {
  const { s } = text;
  const blank = s.charCodeAt(place.separator + 1);
  if ('oscar'.includes(s.charAt(place.start)) && ARGUMENT.test(s.slice(place.start, place.start + REACH))) return true;
  if ((blank === 0x20 || blank === 0x09) && isClear(s, place)) return true;
  return isInSource(text, place);
};
