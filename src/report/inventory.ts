/** Lists of what the report looked at and what the verification of the ledger said, whole where the report folds them. */
import type { ReportContent } from './content.js';
import { csv } from './csv.js';

/** `scope.csv`: servers, governed roles, accounts and gateways, with what the report says of each. */
export const scopeTable = ({ scope }: ReportContent): string =>
  csv(
    ['kind', 'id', 'about', 'classification', 'personal_data', 'count'],
    [
      ...scope.servers.map((s) => [
        'server',
        s.id,
        s.aws ? `${s.kind}, AWS through the gateway` : s.kind,
        s.classification,
        s.personal ? s.purposes || 'yes' : null,
        s.calls,
      ]),
      ...scope.accounts.map((a) => ['account', a.account, a.regions, null, null, a.events]),
      ...scope.roles.map((role) => ['governed_role', role, null, null, null, null]),
      ...scope.gateways.map((g) => ['gateway', g.host, g.version, null, null, g.runs]),
    ],
  );

/** `findings.csv`: what the verification of the ledger found when the report was made. */
export const findingTable = ({ verification }: ReportContent): string =>
  csv(
    ['severity', 'code', 'message'],
    verification.findings.map(({ severity, code, message }) => [severity, code, message]),
  );

/** `ipe.csv`: every input with its counts and hash. */
export const datasetTable = (content: ReportContent): string =>
  csv(
    [
      'dataset',
      'source',
      'locator',
      'rows_read',
      'rows_out',
      'rows_rejected',
      'rows_duplicate',
      'rows_excluded',
      'sha256',
    ],
    content.datasets.map((d) => [
      d.name,
      d.source,
      d.locator,
      d.read,
      d.out,
      d.rejected,
      d.duplicate,
      d.excluded,
      d.sha256,
    ]),
  );
