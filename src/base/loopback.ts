import { isIP } from 'node:net';

/**
 * Whether a host name or address, IPv6 with or without brackets, can be reached from this machine alone
 * (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3, RFC 6761 §6.3).
 */
export const isLoopback = (host: string): boolean => {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
};
