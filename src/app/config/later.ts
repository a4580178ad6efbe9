/** Parts of the design that a later version reads: refused by name, never ignored. Path patterns; `*` is one step. */
export const LATER: readonly string[] = [
  'include',
  'organization.logo',
  'identity.issuers.*.discovery',
  'policy.*.purpose',
  'policy.*.window',
  'ledger.key.secretsManager',
  'ledger.digestKey.kms',
  'evidence.key.kms',
  'evidence.register',
];
