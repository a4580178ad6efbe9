/** The part of oidc-provider 9 that the demo uses; the package ships no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  interface Grant {
    addOIDCScope(scope: string): void;
    addResourceScope(resource: string, scope: string): void;
    save(): Promise<string>;
  }
  /** What a token is issued from: an authorization code or a refresh token. */
  interface TokenSource {
    readonly authTime?: number;
    readonly amr?: readonly string[];
  }
  interface Context {
    readonly oidc: {
      readonly provider: Provider;
      readonly client: { readonly clientId: string };
      readonly session: { readonly accountId: string };
      readonly resourceServers: Readonly<Record<string, { readonly scope: string }>>;
      readonly entities: {
        readonly AuthorizationCode?: TokenSource;
        readonly RefreshToken?: TokenSource;
        readonly DeviceCode?: TokenSource;
      };
    };
  }
  interface Token {
    readonly kind: string;
    readonly accountId?: string;
    readonly clientId: string;
  }
  interface Interaction {
    readonly prompt: { readonly name: string };
    readonly params: Readonly<Record<string, unknown>>;
  }

  class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>);
    readonly Grant: new (of: {
      accountId: string;
      clientId: string;
    }) => Grant;
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>;
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: Readonly<Record<string, unknown>>,
      options: { readonly mergeWithLastSubmission: boolean },
    ): Promise<void>;
  }
  const errors: {
    readonly InvalidTarget: new (description?: string) => Error;
    readonly InvalidGrant: new (description: string) => Error;
  };
  const interactionPolicy: {
    base(): { get(prompt: string): { readonly checks: { remove(check: string): void } } | undefined };
  };
}
