import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../layers.js';
import { createCheck, readTemplate } from './cloudformation.js';

const text = (name: string): string => readFileSync(join(ROOT, 'templates/aws', name), 'utf8');
const check = createCheck();
const NAMES = ['agent-role.yaml', 'gateway-role.yaml', 'evidence.yaml'] as const;

describe('templates for AWS', () => {
  it.each(NAMES)('%s is what CloudFormation takes', (name) => {
    expect(check(readTemplate(text(name)))).toEqual([]);
  });

  it.each([
    [
      'a property that does not exist',
      'MaxSessionDuration: 3600',
      'MaxSession: 3600',
      'AgentRole.MaxSession is not known to AWS',
    ],
    [
      'a value of another type',
      'MaxSessionDuration: 3600',
      'MaxSessionDuration: long',
      'AgentRole.MaxSessionDuration is no integer',
    ],
    ['a reference to nothing', '!Ref ServerPolicyArn', '!Ref ServerPolicy', 'no ServerPolicy'],
    ['an attribute that does not exist', 'AgentRole.Arn', 'AgentRole.Arm', 'AgentRole has no Arm'],
    ['a resource that does not exist', 'AWS::IAM::Role', 'AWS::IAM::Roll', 'AgentRole: AWS has no AWS::IAM::Roll'],
    ['what is missing', 'AssumeRolePolicyDocument:', 'Description2:', 'AgentRole.AssumeRolePolicyDocument is missing'],
  ])('the check finds %s', (_, find, replace, fault) => {
    expect(check(readTemplate(text('agent-role.yaml').replace(find, replace)))).toContain(fault);
  });

  it('no session comes without a name, nor goes on to another role', () => {
    const { AgentRole } = readTemplate(text('agent-role.yaml')).Resources;
    const said = JSON.stringify(AgentRole?.Properties);
    expect(said).toContain('"Condition":{"StringLike":{"sts:SourceIdentity":"cs-*","sts:RoleSessionName":"cs-*"}}');
    expect(said).toContain(
      '"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":{"Null":{"sts:SourceIdentity":"true"}}',
    );
    expect(said).toContain('"Effect":"Deny","Action":["sts:AssumeRole","iam:PassRole"],"Resource":"*"');
  });

  it('the gateway is allowed nothing on everything', () => {
    const said = JSON.stringify(readTemplate(text('gateway-role.yaml')).Resources);
    expect(said).not.toContain('"Resource":"*"');
    expect(said).not.toMatch(/"Action":"[^"]*\*/);
  });

  it('evidence is locked, validated and kept when its stack goes', () => {
    const { Resources } = readTemplate(text('evidence.yaml'));
    for (const name of ['TrailBucket', 'AnchorBucket'] as const) {
      expect(Resources[name]).toMatchObject({
        DeletionPolicy: 'Retain',
        Properties: {
          ObjectLockEnabled: true,
          ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'COMPLIANCE' } } },
          VersioningConfiguration: { Status: 'Enabled' },
        },
      });
    }
    expect(Resources['Trail']?.Properties).toMatchObject({ EnableLogFileValidation: true, IsMultiRegionTrail: true });
    expect(Resources['LedgerKey']?.Properties).toMatchObject({
      KeySpec: 'ECC_NIST_EDWARDS25519',
      KeyUsage: 'SIGN_VERIFY',
    });
  });
});
