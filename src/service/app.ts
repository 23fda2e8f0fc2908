/** The HTTP application: every call of the interface, checked on its way in and out. */
import { fastifyCookie } from '@fastify/cookie';
import type { FastifyInstance } from 'fastify';
import { createSystemIds } from '../adapters/system/ids.ts';
import { SignalboxError } from '../errors.ts';
import type { Logger } from '../ports/logger.ts';
import type { Trigger } from '../triggers/trigger.ts';
import { serveAbout } from './about.ts';
import { createAudit } from './audit/audit.ts';
import { serveAudit } from './audit/serve.ts';
import { createBatches } from './batches/batches.ts';
import { serveBatches } from './batches/serve.ts';
import { createBind } from './bind.ts';
import { openDashboard } from './dashboard.ts';
import { serveDevelopment } from './development/serve.ts';
import { createFeeds } from './feeds/feeds.ts';
import { serveTriggers } from './feeds/serve.ts';
import { agreedBasePath } from './http/base-path.ts';
import { defaultLimits, type HttpLimits } from './http/limits.ts';
import { answerUnknownPaths } from './http/problems.ts';
import { createRepeats } from './http/repeats.ts';
import { createServer } from './http/server.ts';
import { createGuard } from './identity/guard.ts';
import { openIdentity } from './identity/open.ts';
import type { IdentityOptions } from './identity/options.ts';
import { createRefusals } from './identity/refusals.ts';
import { serveIdentity } from './identity/serve.ts';
import { serveSignIn } from './identity/sign-in-pages.ts';
import { mountNotices } from './notices/mount.ts';
import type { LinkOptions, NoticeOptions } from './notices/open.ts';
import { observe } from './observe.ts';
import { describeCalls, serveDocument } from './openapi.ts';
import { createOutgoing, type OutgoingSettings } from './outgoing/outgoing.ts';
import { serveEndpoints } from './outgoing/serve.ts';
import type { ServiceParts, ServicePorts } from './parts.ts';
import { servePauses } from './pauses.ts';
import { createExchange } from './replace-triggers.ts';
import { createOpenReviews } from './reviews/open-reviews.ts';
import { serveReviews } from './reviews/serve.ts';
import { createNews } from './runs/news.ts';
import { serveRuns } from './runs/serve.ts';
import { createSchedules, schedulesOf } from './schedules/schedules.ts';
import { serveSchedules } from './schedules/serve.ts';
import { createStreams } from './streams.ts';
import { serveTimeline } from './timeline/serve.ts';
import { serveUndo } from './undo.ts';
import { serveViews } from './views/serve.ts';
import { serveWebhooks } from './webhooks/serve.ts';
import { createWebhooks, type WebhookSettings } from './webhooks/webhooks.ts';
import { serveWorkflows } from './workflows/index.ts';

const silence: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silence };

/** How the service is reached, who may use it, and what it sends out. */
export interface AppOptions {
  /**
   * Path it is mounted under, as `/signalbox`, whether its host takes the prefix off requests or leaves it on. Default: that of a `publicUrl`, else none.
   */
  readonly basePath?: string;
  /** Default: this machine alone, without sign-in. */
  readonly identity?: IdentityOptions;
  readonly webhooks?: WebhookSettings;
  /**
   * Addresses of the proxies before the service, as `127.0.0.1` or `10.0.0.0/8`: they are believed from whom a request comes (`X-Forwarded-For`).
   * Default: nobody is.
   */
  readonly proxies?: readonly string[];
  readonly outgoing?: OutgoingSettings;
  readonly links?: LinkOptions;
  /** Default: nobody is told of reviews but by the inbox. */
  readonly notices?: NoticeOptions;
  /** Default: see {@link HttpLimits}. */
  readonly limits?: Partial<HttpLimits>;
}

export async function createApp(
  ports: ServicePorts,
  options: AppOptions = {},
): Promise<FastifyInstance> {
  return (await assembleApp(ports, options)).app;
}

export async function assembleApp(
  ports: ServicePorts,
  options: AppOptions,
): Promise<{
  readonly app: FastifyInstance;
  readonly basePath: string;
  readonly replaceTriggers: (triggers: readonly Trigger[]) => Promise<void>;
}> {
  const {
    identity: identityOptions = { mode: 'development' },
    webhooks = {},
    limits = {},
  } = options;
  const basePath = agreedBasePath(options.basePath, [
    identityOptions.mode === 'sign-in' ? identityOptions.publicUrl : undefined,
    options.notices?.publicUrl,
  ]);
  const audit = createAudit(ports);
  const identityParts = openIdentity(identityOptions, { ...ports, audit, basePath });
  const { identity } = identityParts;
  const { clock, store } = ports;
  const { ids = createSystemIds(() => clock.nowMs()), logger: log = silence } = ports;
  const isOpen = identity.mode === 'development';
  const httpLimits = { ...defaultLimits, ...(isOpen ? { callsPerMinute: null } : {}), ...limits };
  const app = await createServer({
    basePath,
    limits: httpLimits,
    proxies: options.proxies ?? [],
    ids,
    log,
  });
  const dashboard = openDashboard(basePath);
  answerUnknownPaths(app, basePath, dashboard?.sendPage ?? (() => null));
  // its parser is there once the plugin is
  await app.register(fastifyCookie, { hook: false });
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.isSigned !== true) identity.admit(request);
  });
  await describeCalls(app, identityParts.cookie.name);
  const refusals = createRefusals({ audit, clock: ports.clock });
  const streams = createStreams(clock);
  app.addHook('preClose', async () => streams.close());
  const repeats = createRepeats({ store, clock, log });
  app.addHook('onClose', async () => repeats.close());
  const guard = createGuard(identity, refusals, store);
  const bind = createBind(app, { guard, streams, repeats });
  const news = createNews(ports.orchestrator, { clock, epoch: ids.token() });
  app.addHook('onClose', async () => news.close());
  const parts: ServiceParts = { ...ports, ids, log, audit, news, basePath };
  const { development, instance = ids.token() } = ports;
  serveAbout(bind, parts, { instance, isDevelopment: development !== undefined });
  if (development !== undefined) {
    // Whoever signs in is somebody else's user: nobody may change their time.
    if (identity.mode === 'sign-in')
      throw new SignalboxError('INPUT_INVALID', 'A service with sign-in is not for development');
    serveDevelopment(bind, { ...parts, instance }, development);
  }
  serveAudit(bind, parts);
  const desk = { ...identityParts, refusals };
  serveIdentity(bind, desk);
  await serveSignIn(app, desk);
  await mountNotices(app, bind, parts, { ...options, identity: identityOptions, refusals });
  const openReviews = createOpenReviews(parts);
  app.addHook('onClose', async () => openReviews.close());
  serveReviews(bind, parts, openReviews);
  serveEndpoints(bind, parts, createOutgoing(app, parts, options.outgoing ?? {}));
  serveRuns(bind, parts);
  serveUndo(bind, parts);
  servePauses(bind, parts);
  const schedules = createSchedules({ ...parts, schedules: schedulesOf(parts.triggers ?? []) });
  serveSchedules(bind, { schedules, audit });
  app.addHook('onReady', async () => schedules.start());
  app.addHook('preClose', () => schedules.close());
  const received = createWebhooks(app, parts, {
    isDevelopment: identityOptions.mode === 'development',
    ...webhooks,
  });
  serveWebhooks(bind, parts, received);
  const feeds = createFeeds(parts, received);
  serveTriggers(bind, feeds);
  app.addHook('onReady', async () => feeds.start());
  app.addHook('preClose', () => feeds.close());
  serveTimeline(bind, parts);
  serveViews(bind, parts);
  const batches = createBatches(parts);
  serveBatches(bind, batches);
  app.addHook('onReady', () => batches.takeUp());
  app.addHook('preClose', () => batches.close());
  const observed = observe(app, bind, {
    ...parts,
    batches,
    callsPerMinute: httpLimits.callsPerMinute,
  });
  app.addHook('onReady', async () => observed.start());
  app.addHook('preClose', () => observed.close());
  serveWorkflows(bind, parts);
  await serveDocument(app, bind, basePath);
  await dashboard?.serve(app);
  await app.ready();
  return { app, basePath, replaceTriggers: createExchange([feeds, received, schedules]) };
}
