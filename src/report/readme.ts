import type { ReportContent } from './content.js';
import { periodTitle } from './words.js';

const keyName = (key: string): string => key.split('+')[0] ?? key;

const rawWords = ({ cloudtrail }: ReportContent): string =>
  cloudtrail.leftOut
    ? `  raw/           index.ndjson names each CloudTrail log file, digest and key that was read, by its SHA-256; the files
                 themselves are not in here. Verify and reperform take them from a folder: --raw FOLDER`
    : '  raw/           CloudTrail log files, digests and keys as delivered, named by their SHA-256; index.ndjson lists them';

/** README.txt: what the folder is and how to check it, for a reader who has nothing but the folder. */
export const readmeText = (content: ReportContent): string => `EVIDENCE PACKAGE ${content.report}

${content.organization}
${periodTitle(content.period)} (UTC), status ${content.status}${content.demo ? ', SAMPLE DATA' : ''}
${content.notes.map((note) => `${note}\n`).join('')}
What this is
  Evidence of tests of control over calls to MCP servers, prepared by management for a SOC 2 examination.
  It is not an opinion. Each test says what it does not prove; a test without its source is not testable, and
  one without population is "no occurrence", which is not a pass.

What is in it
  report.pdf     the report; start here
  report.html    the same report as a page for the screen: tables that can be sorted; it needs no network
  results.json   every result with its exceptions and its SQL
  csv/           the same as tables: exceptions, whole populations, reconciliation, coverage, approvals
  controls/      the controls as they are defined; criteria.yaml holds criterion ids and our own short wording
  sql/           every query that was run; parameters $from and $to are the ends of the period
  ledger/        the records of the gateway, byte for byte, with their signed checkpoints
${rawWords(content)}
  snapshots/     registers of the organisation as they were given; index.ndjson lists them
  waivers/       waivers that bear on the period, where there are any
  config/        the configuration the report was made with
  responses/     what management answered to exceptions; previous/ holds the manifest that was answered
  manifest.json  every file with its length and SHA-256, and the rows of each table; manifest.sig signs it
  run.json       who made this copy, when and where; it stands outside the manifest and bears its own signature

How to check it with the program, offline
  countersign verify FOLDER --trust TRUST.json
  TRUST.json is your own list of keys you believe. It must come to you apart from this package: a key that is
  only named in here shows who claims to have signed, and no more.

How to check it without the program
  1. Files. For each entry of manifest.json compute SHA-256 and compare. No other file may be in the folder but
     manifest.json, manifest.sig and run.json.
  2. Evidence root. Write one line "<sha256>  <path>" and a line feed per file, without report.pdf and
     report.html, in the order of the manifest; the SHA-256 of that text is the evidence root, printed on each page of the report.
  3. Signature. manifest.sig is a signed note (C2SP signed-note): a text, an empty line, and signature lines.
     The text is "countersign/manifest/v1", a line feed, the SHA-256 of manifest.json in hex, a line feed.
     The last word of a signature line is base64 of a 4-byte key id and the 64-byte Ed25519 signature of the text.
     Key of this report: ${content.reportKey}
     (name "${keyName(content.reportKey)}", key id, base64 of 0x01 and the 32-byte public key)
  4. Ledger. docs/ledger-format.md of the program describes each line; a verifier takes about a hundred lines.
  5. Tests. Load raw/ and ledger/ into a database and run the queries of sql/, or search the lists in csv/.

How to run the tests again with the program
  countersign reperform FOLDER
  builds the database anew from this folder alone, runs every test and compares. MODIFIED marks a control whose
  SQL is not the one the program ships.

How to draw a sample
  countersign sample FOLDER --control ID --nonce N --size 25
  Choose the nonce yourself, now that you hold the package. Without the program: the seed is the SHA-256 of the
  SHA-256 of csv/population_ID.csv in hex, a line feed, and the nonce. Rank the items by HMAC-SHA-256 of the item
  with the 32 bytes of the seed as key, and take the lowest. A larger sample keeps the items of a smaller one.

CSV files are RFC 4180: comma, CRLF, UTF-8; times are UTC. An apostrophe stands before text that a spreadsheet would run.
`;
