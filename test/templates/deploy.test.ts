import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../layers.js';

const text = (name: string): string => readFileSync(join(ROOT, 'templates/deploy', name), 'utf8');

describe('the container file', () => {
  const lines = text('Containerfile').split('\n');

  it('runs as somebody without rights, on the Node that the package asks for', () => {
    expect(lines).toContain('USER 10001:10001');
    expect(lines.indexOf('USER 10001:10001')).toBeGreaterThan(lines.findLastIndex((line) => line.startsWith('FROM')));
    const images = lines.filter((line) => line.startsWith('FROM')).map((line) => line.split(' ')[1]);
    expect(new Set(images)).toEqual(new Set(['node:20-bookworm-slim']));
  });

  it('starts the program that the package has', () => {
    const { bin } = z
      .object({ bin: z.record(z.string(), z.string()) })
      .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
    expect(text('Containerfile')).toContain(`/countersign/${(bin['countersign'] ?? '').replace('./', '')} `);
    expect(lines).toContain('ENTRYPOINT ["countersign"]');
    expect(lines).toContain('CMD ["proxy"]');
  });
});

describe('the unit of systemd', () => {
  const unit = new Map(
    [...text('countersign.service').matchAll(/^([A-Za-z]+)=(.*)$/gm)].map(([, key, value]) => [key ?? '', value ?? '']),
  );

  it('leaves the service nothing but its data', () => {
    expect(Object.fromEntries(unit)).toMatchObject({
      User: 'countersign',
      ProtectSystem: 'strict',
      ProtectHome: 'yes',
      NoNewPrivileges: 'yes',
      CapabilityBoundingSet: '',
      StateDirectoryMode: '0700',
      UMask: '0077',
    });
  });

  it('gives it time to close its ledger, and has it read its files again', () => {
    expect(unit.get('TimeoutStopSec')).toBe('60');
    expect(unit.get('ExecReload')).toBe('/bin/kill -HUP $MAINPID');
    expect(unit.get('ExecStart')).toBe('/usr/bin/env countersign proxy');
  });
});

describe('the manifest of Kubernetes', () => {
  const object = z.looseObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata: z.looseObject({ name: z.string() }),
  });
  const documents = parseAllDocuments(text('kubernetes.yaml'));
  const objects = Array.isArray(documents) ? documents.map((one) => object.parse(one.toJS())) : [];
  const of = (kind: string) => objects.find((one) => one.kind === kind);

  it('is made of objects that every cluster knows', () => {
    expect(objects.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`)).toEqual([
      'v1 ServiceAccount',
      'v1 PersistentVolumeClaim',
      'apps/v1 StatefulSet',
      'v1 Service',
      'v1 Service',
      'networking.k8s.io/v1 NetworkPolicy',
    ]);
  });

  it('runs one writer, without rights, on a file system it cannot write but for its data', () => {
    const said = JSON.stringify(of('StatefulSet'));
    for (const part of [
      '"replicas":1',
      '"runAsNonRoot":true',
      '"readOnlyRootFilesystem":true',
      '"allowPrivilegeEscalation":false',
      '"capabilities":{"drop":["ALL"]}',
      '"seccompProfile":{"type":"RuntimeDefault"}',
      '"automountServiceAccountToken":false',
      '"readinessProbe":{"httpGet":{"path":"/readyz","port":"admin"}',
    ])
      expect(said).toContain(part);
  });

  it('mounts what it names', () => {
    const names = z.looseObject({ name: z.string() }).array();
    const { spec } = z
      .looseObject({
        spec: z.looseObject({
          template: z.looseObject({
            spec: z.looseObject({
              volumes: names,
              containers: z.looseObject({ volumeMounts: names }).array(),
            }),
          }),
        }),
      })
      .parse(of('StatefulSet'));
    const mounted = spec.template.spec.containers.flatMap(({ volumeMounts }) => volumeMounts.map(({ name }) => name));
    expect(mounted.toSorted()).toEqual(spec.template.spec.volumes.map(({ name }) => name).toSorted());
  });
});
