/** Sample secrets, and the places where the demo's servers keep them. None opens anything. */
import type { PlanFile, PlantedSecret } from './plan-model.js';
import type { Random } from './random.js';

export interface Secrets {
  readonly planted: readonly PlantedSecret[];
  readonly files: readonly PlanFile[];
  /** The file among them that holds secrets. */
  readonly secretFile: string;
  /** Files without any. */
  readonly plainFiles: readonly string[];
  readonly vault: Readonly<Record<string, string>>;
  /** Name of the one secret in the vault. */
  readonly secretName: string;
  /** A customer's address for the arguments of a call, and a password for the content of a file. */
  readonly argument: { readonly email: string; readonly password: string };
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const CUSTOMERS = ['acorn', 'birch', 'cedar', 'fjord', 'harbor', 'juniper', 'meadow', 'willow'];
const HANDBOOK = ['on-call', 'deploys', 'incidents', 'backups', 'access', 'releases'];

const email = (random: Random): string =>
  `${random.text(LOWER, 6)}.${random.text(LOWER, 7)}@${random.pick(CUSTOMERS)}.example`;

const create = (random: Random) => ({
  password: random.text(ALPHANUMERIC, 20),
  keyId: `AKIA${random.text(BASE32, 16)}`,
  secretKey: random.text(ALPHANUMERIC, 40),
  email: email(random),
});

const environmentFile = (values: ReturnType<typeof create>, token: string): string =>
  [
    '# Settings of the billing service (sample data)',
    `DATABASE_PASSWORD=${values.password}`,
    `AWS_ACCESS_KEY_ID=${values.keyId}`,
    `AWS_SECRET_ACCESS_KEY=${values.secretKey}`,
    `GITHUB_TOKEN=${token}`,
    `ALERT_CONTACT=${values.email}`,
    'LOG_LEVEL=info',
    '',
  ].join('\n');

const handbook = (random: Random, topic: string): PlanFile => ({
  path: `handbook/${topic}.md`,
  content: `# ${topic}\n\n${random.between(2, 5)} people know this page. Sample text of the demo.\n`,
});

const asPlanted = (values: ReturnType<typeof create>): PlantedSecret[] => [
  { kind: 'password', value: values.password },
  { kind: 'aws-access-key-id', value: values.keyId },
  { kind: 'aws-secret-access-key', value: values.secretKey },
  { kind: 'email', value: values.email },
];

export const planSecrets = (random: Random): Secrets => {
  const inFile = create(random);
  const inVault = create(random);
  const token = `ghp_${random.text(ALPHANUMERIC, 36)}`;
  const argument = { email: email(random), password: random.text(ALPHANUMERIC, 18) };
  const secretFile = `config/${random.pick(['billing', 'payments', 'orders'])}.env`;
  const pages = random.shuffle(HANDBOOK).slice(0, random.between(3, HANDBOOK.length));
  const documents = pages.map((topic) => handbook(random, topic));
  const secretName = `${random.pick(['billing', 'payments', 'orders'])}/database`;
  const { password, keyId, secretKey, email: contact } = inVault;
  const vaultValue = { username: 'app', password, accessKeyId: keyId, secretAccessKey: secretKey, contact };
  return {
    planted: [
      ...asPlanted(inFile),
      ...asPlanted(inVault),
      { kind: 'github-token', value: token },
      { kind: 'email', value: argument.email },
      { kind: 'password', value: argument.password },
    ],
    files: [{ path: secretFile, content: environmentFile(inFile, token) }, ...documents],
    secretFile,
    plainFiles: documents.map(({ path }) => path),
    vault: { [secretName]: JSON.stringify(vaultValue) },
    secretName,
    argument,
  };
};
