/**
 * What each detector is there to find, made after the vendors' own descriptions of their formats. An entry draws a
 * value and, where the value means nothing without them, the words around it.
 */
import { ALNUM, BASE32, BASE64, DIGITS, HEX, ibanOf, LOWER, luhnDigit, UPPER, URL64 } from './draw.mjs';

const url64 = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const anything = (value) => ({ value });
const prefixed = (prefix, alphabet, length) => (d) => anything(d.pick([prefix].flat()) + d.text(alphabet, length));
const oneOf =
  (...makes) =>
  (d) =>
    d.pick(makes)(d);

const WORDS = ['river', 'Lantern', 'cobalt', 'Meadow', 'quartz', 'harbor', 'Violet', 'summit', 'tango', 'Pepper'];
/** Passwords as people and generators make them. */
const password = oneOf(
  (d) => d.text(ALNUM, 8 + d.below(16)),
  (d) => d.pick(WORDS) + d.text(DIGITS, 3),
  (d) => `${d.pick(WORDS)}-${d.pick(WORDS)}-${d.pick(WORDS)}`,
  (d) => d.text(`${ALNUM}!#%^*+-`, 14).replace(/^[^A-Za-z0-9]+/, 'a'),
  (d) => d.pick(WORDS).toLowerCase() + d.pick(WORDS).toLowerCase(),
);

const NAMES = [
  'password',
  'db_password',
  'PGPASSWORD',
  'userPassword',
  'client_secret',
  'apiKey',
  'API_KEY',
  'x-api-key',
];
const NAMES_MORE = [
  'access_token',
  'refreshToken',
  'secret',
  'private_key',
  'passphrase',
  'token',
  'SECRET_KEY',
  'auth-token',
];
const named = (d) => d.pick([...NAMES, ...NAMES_MORE]);
/** Formats in which a name stands before its value. */
const FORMS = [
  (name, value) => `${name}=${value}`,
  (name, value) => `export ${name.toUpperCase().replaceAll('-', '_')}=${value}`,
  (name, value) => `${name}: ${value}`,
  (name, value) => `"${name}": "${value}"`,
  (name, value) => `'${name}' => '${value}'`,
  (name, value) => `host: db\n${name}: ${value}\nport: 5432`,
  (name, value) => `<${name}>${value}</${name}>`,
  (name, value) => `https://example.com/x?a=1&${name}=${encodeURIComponent(value)}&b=2`,
  (name, value) => `run --${name.toLowerCase().replaceAll('_', '-')} ${value} --verbose`,
  (name, value) => `Server=db;User=app;${name}=${value};Database=x`,
  (name, value) => `const ${name.replaceAll('-', '')} = "${value}";`,
  (name, value) => `[section]\n${name} = ${value}\nother = 1`,
  (name, value) => `the ${name} is ${value}`,
  (name, value) => `| ${name} | ${value} |`,
  (name, value) => `{ user: app, ${name}: ${value} }`,
];

const keyValue = (d) => {
  const value = password(d);
  const form = d.pick(FORMS);
  const text = form(named(d), value);
  return { value: text.includes(value) ? value : encodeURIComponent(value), text };
};

const awsSecret = (d) => {
  const value = d.text(BASE64, 40);
  const id = `AKIA${d.text(BASE32, 16)}`;
  const text = d.pick([
    `aws_secret_access_key = ${value}`,
    `AWS_SECRET_ACCESS_KEY=${value}`,
    `{"SecretAccessKey":"${value}"}`,
    `secretAccessKey: '${value}'`,
    `the secret of the AWS account is ${value} now`,
  ]);
  return { value, text, id };
};

const pem = (d) => {
  const label = d.pick([
    'RSA PRIVATE KEY',
    'EC PRIVATE KEY',
    'OPENSSH PRIVATE KEY',
    'PRIVATE KEY',
    'ENCRYPTED PRIVATE KEY',
  ]);
  const body = Array.from({ length: 4 + d.below(20) }, () => d.text(BASE64, 64)).join('\n');
  return anything(`-----BEGIN ${label}-----\n${body}\n-----END ${label}-----`);
};

const DOMAINS = ['example.com', 'mail.example.org', 'example.co.uk', 'firma.example', 'a-b.example.net'];
const email = (d) => {
  const first = d.text(LOWER, 5);
  const local = d.pick([
    first,
    `${first}.${d.text(LOWER, 6)}`,
    `${first}+tag`,
    `${first}_${d.text(DIGITS, 2)}`,
    `o'${first}`,
  ]);
  return anything(`${local}@${d.pick(DOMAINS)}`);
};

const CARDS = [
  ['4', 16, [4, 4, 4, 4]],
  ['51', 16, [4, 4, 4, 4]],
  ['2221', 16, [4, 4, 4, 4]],
  ['37', 15, [4, 6, 5]],
  ['36', 14, [4, 6, 4]],
  ['6011', 16, [4, 4, 4, 4]],
];
const card = (d) => {
  const [prefix, length, groups] = d.pick(CARDS);
  const head = prefix + d.text(DIGITS, length - prefix.length - 1);
  const digits = head + luhnDigit(head);
  if (d.below(12) === 0) return anything(digits);
  if (d.below(3) === 0)
    return { value: digits, text: `${d.pick(['card', 'credit card no.', 'Visa', 'pan:'])} ${digits}` };
  const separator = d.pick([' ', '-']);
  let at = 0;
  return anything(groups.map((n) => digits.slice(at, (at += n))).join(separator));
};

const IBANS = [
  ['DE', (d) => d.text(DIGITS, 18)],
  ['FR', (d) => d.text(DIGITS, 23)],
  ['GB', (d) => d.text(UPPER, 4) + d.text(DIGITS, 14)],
  ['NL', (d) => d.text(UPPER, 4) + d.text(DIGITS, 10)],
  ['ES', (d) => d.text(DIGITS, 20)],
  ['CH', (d) => d.text(DIGITS, 17)],
  ['PL', (d) => d.text(DIGITS, 24)],
];
const iban = (d) => {
  const [country, account] = d.pick(IBANS);
  const value = ibanOf(country, account(d));
  return anything(d.below(2) === 0 ? value : value.replace(/(.{4})(?=.)/g, '$1 '));
};

/** Numbers of ranges in use, in international form. */
const PHONES = [
  (d) => `+1 ${d.pick(['202', '415', '646'])}-555-01${d.text(DIGITS, 2)}`,
  (d) => `+1 (${d.pick(['202', '415'])}) 555-01${d.text(DIGITS, 2)}`,
  (d) => `+4420794609${d.text(DIGITS, 2)}`,
  (d) => `+44 7911 1234${d.text(DIGITS, 2)}`,
  (d) => `+49 30 90182${d.text(DIGITS, 3)}`,
  (d) => `+33 1 42 68 53 ${d.text(DIGITS, 2)}`,
  (d) => `+33.6.12.34.56.${d.text(DIGITS, 2)}`,
  (d) => `+34 91 275 33 ${d.text(DIGITS, 2)}`,
  (d) => `+91 98765 43${d.text(DIGITS, 3)}`,
  (d) => `+81-3-1234-56${d.text(DIGITS, 2)}`,
];

/** National identity numbers whose check holds. */
const weighted = (digits, from) => Array.from(digits).reduce((sum, digit, i) => sum + Number(digit) * (from - i), 0);
const cpf = (d) => {
  const nine = d.text(DIGITS, 9);
  const ten = nine + String(((weighted(nine, 10) * 10) % 11) % 10);
  const all = ten + String(((weighted(ten, 11) * 10) % 11) % 10);
  return anything(all.replace(/^(...)(...)(...)(..)$/, '$1.$2.$3-$4'));
};
const dni = (d) => {
  const digits = d.text(DIGITS, 8);
  const value = digits + 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(digits) % 23];
  return { value, text: `${d.pick(['DNI', 'NIF:', 'documento'])} ${value}` };
};
const nir = (d) => {
  const head = `${d.pick(['1', '2'])}${d.text(DIGITS, 2)}${d.pick(['01', '07', '12'])}75${d.text(DIGITS, 6)}`;
  const key = String(97n - (BigInt(head) % 97n)).padStart(2, '0');
  return anything(`${head}${key}`.replace(/^(.)(..)(..)(..)(...)(...)(..)$/, '$1 $2 $3 $4 $5 $6 $7'));
};
/** Values of the characters at odd places, digits first (decree of 23 December 1976). */
const ODD = '1 0 5 7 9 13 15 17 19 21 1 0 5 7 9 13 15 17 19 21 2 4 18 20 11 3 6 8 12 14 16 10 22 25 24 23'.split(' ');
const CONSONANTS = 'BCDFGLMNPRSTVZ';
const codiceFiscale = (d) => {
  const birth = `${d.text(DIGITS, 2)}${d.pick(Array.from('ABCDEHLMPRST'))}${d.pick(['05', '17', '28', '41', '63'])}`;
  const head = `${d.text(CONSONANTS, 6)}${birth}${d.pick(Array.from('ABFHL'))}${d.text(DIGITS, 3)}`;
  const sum = Array.from(head, (c, i) => {
    const place = (DIGITS + UPPER).indexOf(c);
    return i % 2 === 0 ? Number(ODD[place]) : place > 9 ? place - 10 : place;
  }).reduce((total, value) => total + value, 0);
  return anything(head + UPPER[sum % 26]);
};

const ssn = (d) => {
  const value = `${d.pick(['123', '219', '457', '524'])}-${d.pick(['09', '45', '12'])}-${d.pick(['6789', '1234', '9876'])}`;
  if (d.below(10) === 0) return { value: value.replaceAll('-', ''), text: `SSN ${value.replaceAll('-', '')}` };
  return { value, text: `${d.pick(['SSN', 'Social Security Number:', 'ssn =', 'taxpayer id'])} ${value}` };
};

export const POSITIVES = {
  'api-key': oneOf(
    prefixed('sk-', ALNUM, 48),
    prefixed('sk-proj-', URL64, 120),
    prefixed('sk-ant-api03-', URL64, 95),
    prefixed('sk-svcacct-', URL64, 100),
  ),
  'aws-access-key-id': prefixed(['AKIA', 'ASIA'], BASE32, 16),
  'aws-secret-access-key': oneOf(awsSecret, (d) => {
    const { value, id } = awsSecret(d);
    return { value, text: `secret access key\n${value}`, id };
  }),
  'aws-session-token': prefixed(['IQoJb3JpZ2luX2Vj', 'FwoGZXIvYXdzE'], BASE64, 300),
  'azure-client-secret': (d) => anything(`${d.text(ALNUM, 3)}8Q~${d.text(`${ALNUM}_~.-`, 33)}${d.text(ALNUM, 1)}`),
  'basic-credentials': (d) => {
    const value = Buffer.from(`${d.text(LOWER, 6)}:${d.text(ALNUM, 12)}`).toString('base64');
    return { value, text: `curl -H "X-Upstream: Basic ${value}" https://example.com` };
  },
  'bearer-token': (d) => {
    const value = d.text(URL64, 24 + d.below(60)).replace(/^[-_]/, 'a');
    return { value, text: `${d.pick(['X-Auth', 'Upstream'])}: Bearer ${value}` };
  },
  'docker-token': prefixed('dckr_pat_', URL64, 27),
  'github-token': oneOf(prefixed(['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], ALNUM, 36), (d) =>
    anything(`github_pat_${d.text(ALNUM, 22)}_${d.text(ALNUM, 59)}`),
  ),
  'gitlab-token': oneOf(prefixed(['glpat-', 'gldt-', 'glrt-', 'glptt-'], URL64, 20), (d) =>
    anything(`glpat-${d.text(URL64, 27)}.${d.text(DIGITS, 2)}.${d.text(ALNUM, 9)}`),
  ),
  'google-api-key': prefixed('AIza', URL64, 35),
  'google-oauth-secret': oneOf(prefixed('GOCSPX-', URL64, 28), prefixed('ya29.', URL64, 180)),
  'hugging-face-token': prefixed('hf_', ALNUM, 34),
  jwt: (d) =>
    anything(
      [
        url64({ alg: 'RS256', kid: d.text(ALNUM, 8) }),
        url64({ sub: d.text(LOWER, 8), exp: 1 }),
        d.text(URL64, 86),
      ].join('.'),
    ),
  key: keyValue,
  'npm-token': prefixed('npm_', ALNUM, 36),
  'private-key': pem,
  'pypi-token': prefixed('pypi-AgEIcHlwaS5vcmc', URL64, 150),
  'slack-token': oneOf(
    (d) => anything(`xoxb-${d.text(DIGITS, 12)}-${d.text(DIGITS, 13)}-${d.text(ALNUM, 24)}`),
    (d) => anything(`xoxp-${d.text(DIGITS, 12)}-${d.text(DIGITS, 12)}-${d.text(DIGITS, 13)}-${d.text(HEX, 32)}`),
    (d) => anything(`xapp-1-A${d.text(ALNUM, 10)}-${d.text(DIGITS, 13)}-${d.text(HEX, 64)}`),
  ),
  'stripe-key': oneOf(
    prefixed(['sk_live_', 'rk_live_', 'sk_test_'], ALNUM, 24),
    prefixed('sk_live_', ALNUM, 99),
    prefixed('whsec_', ALNUM, 32),
  ),
  'url-credentials': (d) => {
    const value = `${d.text(LOWER, 5)}:${d.text(`${ALNUM}!*.`, 12)}`;
    const scheme = d.pick(['postgres', 'mysql', 'mongodb+srv', 'redis', 'amqp', 'https', 'ftp']);
    return { value, text: `${scheme}://${value}@db.example.com:5432/app` };
  },
  'br-cpf': cpf,
  'card-number': card,
  email,
  'es-dni': dni,
  'fr-nir': nir,
  iban,
  'it-codice-fiscale': codiceFiscale,
  phone: oneOf(
    ...PHONES.map((make) => (d) => anything(make(d))),
    (d) => {
      const value = d.pick([`(202) 555-01${d.text(DIGITS, 2)}`, `415-555-01${d.text(DIGITS, 2)}`]);
      return { value, text: `${d.pick(['phone:', 'call me at', 'mobile', 'Tel.'])} ${value}` };
    },
    (d) => {
      const value = `030 90182${d.text(DIGITS, 3)}`;
      return { value, text: `Telefon: ${value}` };
    },
  ),
  'us-ssn': ssn,
  'ip-address': oneOf(
    (d) => anything(`${d.pick(['10', '172', '203', '198', '93'])}.${d.below(256)}.${d.below(256)}.${1 + d.below(254)}`),
    (d) => anything(`2001:db8:${d.text(HEX, 4)}::${d.text(HEX, 4)}:${d.text(HEX, 3)}1`),
  ),
};
