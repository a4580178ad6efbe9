/** What looks like a value and is none: nothing in these texts is to be masked. */
import { ALNUM, DIGITS, HEX, LOWER, luhnDigit, UPPER, URL64 } from './draw.mjs';

const hex = (d, length) => d.text(HEX, length);
const uuid = (d) => `${hex(d, 8)}-${hex(d, 4)}-4${hex(d, 3)}-a${hex(d, 3)}-${hex(d, 12)}`;
const name = (d) => `${d.text(LOWER, 5)}_${d.text(LOWER, 6)}`;

export const NEAR_MISSES = [
  // Prefixes of tokens in ordinary words, and tokens that are too short.
  (d) => `ghp_${d.text(LOWER, 8)} is a name`,
  (d) => `npm_config_${name(d)}=true`,
  (d) => `branch sk-${d.text(LOWER, 6)}-${d.text(LOWER, 8)}-${d.text(LOWER, 7)}`,
  (d) => `task-${d.text(ALNUM, 30)}`,
  (d) => `hf_hub_download(${name(d)})`,
  (d) => `AKIA${d.text(UPPER, 9)}`,
  (d) => `AIza${d.text(URL64, 12)}`,
  (d) => `xoxb and ${d.text(LOWER, 10)}`,
  (d) => `eyJ${d.text(URL64, 30)}`,
  (d) => `-----BEGIN CERTIFICATE-----\n${d.text(ALNUM, 64)}\n-----END CERTIFICATE-----`,
  (d) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${d.text(ALNUM, 43)} host`,
  // Digests, ids and dates.
  (d) => `commit ${hex(d, 40)}`,
  (d) => `sha256:${hex(d, 64)}`,
  (d) => `aws s3 etag ${hex(d, 40)}`,
  (d) => `integrity: sha512-${d.text(ALNUM, 86)}==`,
  (d) => `id ${uuid(d)}`,
  (d) => `request ${uuid(d)} took 12 ms at 2026-11-24T10:11:12.${d.text(DIGITS, 3)}Z`,
  (d) => `epoch 17${d.text(DIGITS, 11)}`,
  (d) => `order ${d.text(DIGITS, 16)}`,
  (d) => `order 4${d.text(DIGITS, 15)}`,
  (d) => `invoice INV-${d.text(DIGITS, 4)}-${d.text(DIGITS, 6)}`,
  (d) => `arn:aws:iam::${d.text(DIGITS, 12)}:role/${name(d)}`,
  (d) => `i-0${hex(d, 16)} in vpc-${hex(d, 17)}`,
  (d) =>
    `https://docs.aws.amazon.com/AmazonS3/latest/API/API_${d.pick(['PutObject', 'GetBucketAcl', 'ListObjectsV2'])}.html`,
  // Numbers whose check does not hold, or that no word explains.
  (d) => {
    const head = `4${d.text(DIGITS, 14)}`;
    const digits = head + String((Number(luhnDigit(head)) + 1 + d.below(8)) % 10);
    return `card ${digits.replace(/(....)(?=.)/g, '$1 ')}`;
  },
  (d) => `DE00${d.text(DIGITS, 18)}`,
  (d) => `part ${d.text(DIGITS, 3)}-${d.text(DIGITS, 2)}-${d.text(DIGITS, 4)}`,
  (d) => `ssn 000-${d.text(DIGITS, 2)}-${d.text(DIGITS, 4)}`,
  (d) => `${d.text(DIGITS, 8)}${d.text(UPPER, 1)} of stock`,
  (d) => `ext. ${d.text(DIGITS, 4)}, room ${d.text(DIGITS, 3)}`,
  (d) => `a += ${d.text(DIGITS, 9)}`,
  (d) => `UTC+0${d.text('123456789', 1)}:00`,
  // What looks like an address.
  (d) => `icon@2x.png and ${name(d)}@3x.jpg`,
  (d) => `npm i ${name(d)}@1.${d.text(DIGITS, 1)}.0`,
  (d) => `git@github.com:${name(d)}/${name(d)}.git`,
  (d) => `@${d.text(LOWER, 6)}/${name(d)}`,
  (d) => `https://example.com:8443/${name(d)}?x=a@b`,
  (d) => `Chrome/1${d.text(DIGITS, 2)}.0.0.0 Safari/537.36`,
  (d) => `version 1.2.${d.text(DIGITS, 1)}.${d.text(DIGITS, 1)}`,
  (d) => `bind 127.0.0.${d.text('123456789', 1)} and ::1`,
  (d) => `mac ${[1, 2, 3, 4, 5, 6].map(() => hex(d, 2)).join(':')}`,
  (d) => `std::${d.text(LOWER, 5)}::${d.text(LOWER, 4)} at 10:11:12`,
  (d) => `${d.pick(['getty@tty1', 'postgresql@16-main', 'user@1000'])}.service loaded active running ${name(d)}`,
  // Places for credentials.
  () => 'postgres://${DB_USER}:${DB_PASSWORD}@db.example.com/app',
  () => 'https://{user}:{password}@example.com/x.git',
  () => 'amqp://%s:%s@mq.example.com',
  () => 'redis://***:***@cache.example.com',
  // Secret names without a secret.
  (d) => `password: \${${name(d).toUpperCase()}}`,
  () => 'the password must have 12 characters',
  () => '"password": null, "token": "", "secret": false',
  () => 'password=<your password>',
  (d) => `const token = get${d.text(UPPER, 1)}${d.text(LOWER, 5)}(request);`,
  (d) => `if (token === expected) { return ${name(d)}; }`,
  () => 'nextToken: 3, pageToken: 4',
  (d) => `max_tokens: 4096, total_tokens: ${d.text(DIGITS, 3)}, token_type: bearer`,
  (d) => `secretName: ${name(d)}, password_policy: strong, tokenEndpoint: https://example.com/${name(d)}`,
  () => 'token: ${{ secrets.GITHUB_TOKEN }}',
  () => 'permissions:\n  contents: read\n  id-token: write\n',
  (d) => `resource "aws_db_instance" "db" {\n  password = var.${name(d)}\n}`,
  () => 'resource "aws_db_instance" "db" {\n  password = random_password.db.result\n}',
  () => 'connect(user=settings.user, password=settings.password, token=os.environ["TOKEN"])',
  () => 'def connect(user: str, password: str, token: Optional[str] = None) -> None:',
  () => 'fn connect(user: &str, password: String) -> Result<(), Error> {',
  () => 'private final String password;',
  () => '{"type":"object","properties":{"password":{"type":"string","minLength":12}}}',
  (d) => `bearer of the ${d.text(LOWER, 7)}`,
  (d) => `basic ${d.text(LOWER, 7)} skills`,
  () => 'Authorization: Bearer <token>',
  (d) => `secretary: ${d.text(LOWER, 6)}, tokenizer: ${d.text(LOWER, 5)}`,
  (d) => `The ${d.text(LOWER, 6)} of passwords: a history of ${d.text(LOWER, 8)}`,
];
