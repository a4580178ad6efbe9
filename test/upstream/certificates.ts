/** Certificates for 127.0.0.1, made by openssl. */
import { execFileSync } from 'node:child_process';

/** @returns makes a key and a certificate `<name>.key` and `<name>.pem` in the folder; without an authority, one that is its own */
export const certificatesIn =
  (dir: string) =>
  (name: string, subject: string, authority: string | null): void => {
    const openssl = (...args: string[]): void => {
      execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
    };
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
    if (authority === null) {
      openssl('req', '-x509', ...key, '-out', `${name}.pem`, '-subj', `/CN=${subject}`, '-days', '2');
      return;
    }
    openssl('req', ...key, '-out', `${name}.csr`, '-subj', `/CN=${subject}`, '-addext', 'subjectAltName=IP:127.0.0.1');
    const by = ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-CAcreateserial'];
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-out',
      `${name}.pem`,
      '-days',
      '2',
      ...by,
      '-copy_extensions',
      'copy',
    );
  };
