/** The credentials that requests to a server over HTTP go out under, for one session. */
import { CountersignError } from '../base/errors.js';
import { UpstreamError } from '../model/call.js';
import type { CredentialFacts } from '../model/credential-facts.js';
import type { OAuthToken, ServerTokens } from './oauth-tokens.js';

/** The server's own secrets: headers of a server over HTTP, variables of a process. */
export interface ServerSecrets {
  /**
   * Values by header or variable, as new as their sources say they must be.
   * @throws CountersignError where a source has been silent for too long
   */
  values(): Promise<Readonly<Record<string, string>>>;
  /** The server refused them: they may have been replaced, so the next `values` asks again. */
  refused(): void;
}

/** Values that never change. */
export const fixedSecrets = (values: Readonly<Record<string, string>>): ServerSecrets => ({
  values: () => Promise.resolve(values),
  refused: () => undefined,
});

export interface HttpCredentials {
  /**
   * Headers of the next request.
   * @param authorization of the call that it is made for; absent: that of the session's last one
   * @throws UpstreamError refused, where there are no credentials to go out under
   */
  headers(authorization?: string): Promise<Readonly<Record<string, string>>>;
  /** By name, for the record of a call; null where the server has none of its own. */
  facts(authorization: string | undefined): Promise<CredentialFacts | null>;
  /** The server answered 401. */
  refused(): void;
}

const bearerOf = (authorization: string | undefined): string | undefined =>
  /^Bearer ([^\s]+)$/i.exec(authorization ?? '')?.[1];

class SessionCredentials implements HttpCredentials {
  private readonly secrets: ServerSecrets;
  private readonly tokens: ServerTokens | null;
  private bearer: string | undefined;
  private last: OAuthToken | undefined;

  constructor(secrets: ServerSecrets, tokens: ServerTokens | null) {
    this.secrets = secrets;
    this.tokens = tokens;
  }

  private async token(tokens: ServerTokens, authorization: string | undefined): Promise<OAuthToken> {
    this.bearer = bearerOf(authorization) ?? this.bearer;
    this.last = await tokens.get(this.bearer);
    return this.last;
  }

  async headers(authorization?: string): Promise<Readonly<Record<string, string>>> {
    const values = await this.values();
    if (!this.tokens) return values;
    const { value } = await this.token(this.tokens, authorization);
    return { ...values, authorization: `Bearer ${value}` };
  }

  private async values(): Promise<Readonly<Record<string, string>>> {
    try {
      return await this.secrets.values();
    } catch (error) {
      if (!(error instanceof CountersignError)) throw error;
      throw new UpstreamError('refused', `the gateway has no credentials for the server: ${error.message}`);
    }
  }

  async facts(authorization: string | undefined): Promise<CredentialFacts | null> {
    return this.tokens ? (await this.token(this.tokens, authorization)).facts : null;
  }

  refused(): void {
    this.secrets.refused();
    if (this.last) this.tokens?.drop(this.last);
  }
}

/** @param tokens null for a server that none are fetched for */
export const sessionCredentials = (secrets: ServerSecrets, tokens: ServerTokens | null): HttpCredentials =>
  new SessionCredentials(secrets, tokens);
