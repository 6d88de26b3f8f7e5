/** Which route a path means. The table is all there is; a path that is not in it is nobody's. */
import type { Handler } from './call.ts';
import { exportLines, importLines } from './routes/transfer.ts';
import { listParked, rebuild, repairParked } from './routes/admin.ts';
import { sendCommand } from './routes/commands.ts';
import { sendDecision } from './routes/decisions.ts';
import { describeMeta, describeOpenApi } from './routes/describe.ts';
import { readEvents } from './routes/events.ts';
import { health, ready } from './routes/health.ts';
import { upgradeRequired } from './routes/live.ts';
import { askByGet, askByPost } from './routes/queries.ts';
import { readState, readStream } from './routes/streams.ts';

export interface Route {
  /** Literals, and placeholders in braces. */
  readonly path: string;
  readonly methods: ReadonlyMap<string, Handler>;
  /** Asked by load balancers: nobody is authenticated, and little is told. */
  readonly isProbe?: boolean;
  /** Checked like a change although it is a GET. */
  readonly isUnsafe?: boolean;
}

/** The route of decoded segments, and what stands in its placeholders. */
export function findRoute(
  segments: readonly string[],
): { readonly route: Route; readonly params: readonly string[] } | undefined {
  for (const { route, parts } of byFirst.get(segments[0] ?? '') ?? []) {
    const params = match(parts, segments);
    if (params !== undefined) return { route, params };
  }
  return undefined;
}

const routes: readonly Route[] = [
  { path: '/commands/{decider}/{id}/{command}', methods: new Map([['POST', sendCommand]]) },
  { path: '/decisions/{decision}', methods: new Map([['POST', sendDecision]]) },
  {
    path: '/queries/{readModel}/{query}',
    methods: new Map([
      ['GET', askByGet],
      ['POST', askByPost],
    ]),
  },
  { path: '/streams/{stream}', methods: new Map([['GET', readStream]]) },
  { path: '/streams/{stream}/state', methods: new Map([['GET', readState]]) },
  { path: '/events', methods: new Map([['GET', readEvents]]) },
  { path: '/live', methods: new Map([['GET', upgradeRequired]]), isUnsafe: true },
  { path: '/openapi.json', methods: new Map([['GET', describeOpenApi]]) },
  { path: '/meta', methods: new Map([['GET', describeMeta]]) },
  { path: '/health', methods: new Map([['GET', health]]), isProbe: true },
  { path: '/ready', methods: new Map([['GET', ready]]), isProbe: true },
  { path: '/admin/parked', methods: new Map([['GET', listParked]]) },
  { path: '/admin/parked/{readModel}/{key}/{repair}', methods: new Map([['POST', repairParked]]) },
  { path: '/admin/read-models/{readModel}/rebuild', methods: new Map([['POST', rebuild]]) },
  { path: '/admin/export', methods: new Map([['GET', exportLines]]) },
  { path: '/admin/import', methods: new Map([['POST', importLines]]) },
];

function match(
  parts: readonly (string | undefined)[],
  segments: readonly string[],
): readonly string[] | undefined {
  if (parts.length !== segments.length) return undefined;
  const params: string[] = [];
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index];
    const segment = segments[index] ?? '';
    if (part === undefined) params.push(segment);
    else if (part !== segment) return undefined;
  }
  return params;
}

interface PreparedRoute {
  readonly route: Route;
  /** Undefined for a placeholder. */
  readonly parts: readonly (string | undefined)[];
}

const byFirst: ReadonlyMap<string, readonly PreparedRoute[]> = Map.groupBy(
  routes.map((route) => ({
    route,
    parts: route.path
      .slice(1)
      .split('/')
      .map((part) => (part.startsWith('{') ? undefined : part)),
  })),
  ({ parts }) => parts[0] ?? '',
);
