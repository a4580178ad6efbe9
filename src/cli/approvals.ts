import { Args, Flags } from '@oclif/core';
import { configFlag } from './base.js';

/** What the approvals commands share. */
export const approvalFlags = {
  config: configFlag,
  store: Flags.string({ summary: 'where the login is stored (default: your configuration folder)', helpValue: 'FILE' }),
};

export const approvalId = Args.string({
  name: 'id',
  required: true,
  description: 'id of the request, or the beginning of it',
});

export const reasonFlag = Flags.string({
  char: 'r',
  summary: 'why; kept in the record, and demanded by some approvals',
  helpValue: 'TEXT',
});
