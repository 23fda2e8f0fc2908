import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Account, type Context, Provider } from 'oidc-provider';

export interface TestProvider extends AsyncDisposable {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** By account. May be changed while somebody is signed in. */
  readonly people: Map<string, { readonly email: string; readonly groups: readonly string[] }>;
  /** Who sits before the browser: the provider asks nothing. */
  account: string;
  /** Hangs up on everybody. */
  isAway: boolean;
  close(): Promise<void>;
}

/** A real OpenID Connect provider on loopback, whose people and groups the test decides. */
export async function startIdentityProvider(
  redirectUri: string,
  ...redirectUris: readonly string[]
): Promise<TestProvider> {
  const people: TestProvider['people'] = new Map();
  const [clientId, clientSecret] = ['signalbox', 'a secret of the client that nobody else knows'];
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri, ...redirectUris],
        post_logout_redirect_uris: [new URL(redirectUri).origin, `${new URL(redirectUri).origin}/`],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
    scopes: ['openid', 'email', 'groups'],
    cookies: { keys: ['of this test'] },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
    interactions: { url: (_context: Context, { uid }: { uid: string }) => `/interaction/${uid}` },
    issueRefreshToken: () => true,
    findAccount(_context: Context, accountId: string): Account | undefined {
      const person = people.get(accountId);
      return (
        person && { accountId, claims: () => ({ sub: accountId, email_verified: true, ...person }) }
      );
    },
    async loadExistingGrant({ oidc: { client, session } }: Context) {
      const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
      grant.addOIDCScope('openid email groups');
      await grant.save();
      return grant;
    },
  });
  const handle = provider.callback();
  const test: TestProvider = {
    issuer,
    clientId,
    clientSecret,
    people,
    account: '',
    isAway: false,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    [Symbol.asyncDispose]: () => test.close(),
  };
  server.on('request', (request, response) => {
    if (test.isAway) return void request.socket.destroy();
    if (request.url?.startsWith('/interaction/') !== true) return handle(request, response);
    void provider.interactionFinished(request, response, { login: { accountId: test.account } });
  });
  return test;
}
