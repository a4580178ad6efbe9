import { describe, expect, test } from 'vitest';
import {
  protectedResourceMetadata,
  protectedResourceMetadataUrl,
  unauthorizedChallenge,
} from '../../src/identity/challenge.js';

const metadataUrl = 'https://mcp.example.com/.well-known/oauth-protected-resource/files/mcp';

describe('challenge', () => {
  test('names the metadata and no error where no token was sent', () => {
    expect(unauthorizedChallenge({ metadataUrl, reason: 'no_token' })).toBe(
      `Bearer resource_metadata="${metadataUrl}"`,
    );
  });

  test('names the error, what is wrong and the scope otherwise', () => {
    expect(unauthorizedChallenge({ metadataUrl, reason: 'expired', scope: 'mcp' })).toBe(
      `Bearer error="invalid_token", error_description="the token has expired", scope="mcp", resource_metadata="${metadataUrl}"`,
    );
  });

  test('asks for a fresh login where the last is too old (RFC 9470)', () => {
    const value = unauthorizedChallenge({ metadataUrl, reason: 'stale_login', maxAge: 900 });
    expect(value).toContain('error="insufficient_user_authentication"');
    expect(value).toContain('max_age="900"');
  });

  test('cannot be broken out of', () => {
    const value = unauthorizedChallenge({ metadataUrl, reason: 'no_token', scope: 'a", error="x\\\r\nSet-Cookie: y' });
    expect(value).not.toMatch(/[\r\n]/);
    expect(value).toContain('scope="a\\", error=\\"x\\\\Set-Cookie: y"');
  });
});

describe('protected-resource metadata', () => {
  test('stands before the path of the resource', () => {
    expect(protectedResourceMetadataUrl('https://mcp.example.com/files/mcp')).toBe(metadataUrl);
    expect(protectedResourceMetadataUrl('https://mcp.example.com')).toBe(
      'https://mcp.example.com/.well-known/oauth-protected-resource',
    );
  });

  test('says what RFC 9728 asks', () => {
    const resource = 'https://mcp.example.com/files/mcp';
    expect(protectedResourceMetadata({ resource, issuers: ['https://idp.example'], name: 'files' })).toEqual({
      resource,
      authorization_servers: ['https://idp.example'],
      bearer_methods_supported: ['header'],
      resource_name: 'files',
    });
    expect(protectedResourceMetadata({ resource, issuers: [], name: 'files', scopes: ['mcp'] })).toMatchObject({
      scopes_supported: ['mcp'],
    });
  });
});
