// A typed client of the HTTP API: calls by openapi-fetch over the types of schema.ts, refusals as errors, live tallies.
import createClient, { type Client, type Middleware } from 'openapi-fetch';
import { wait } from './wait.js';
import type { paths, Problem } from './schema.js';

export type * from './schema.js';
export { liveTallies, type LiveOptions, type LiveTally } from './live.js';

/** A visitor's, a user's or a staff token, or what gives the present one. */
export type Token = string | (() => string | undefined | Promise<string | undefined>);

export interface Options {
  /** The server's address, such as `https://votes.example`. */
  server: string;
  token?: Token;
  /** A token past half its life comes back renewed: keep this one from now on. */
  renewed?: (token: string) => void;
  /** In the place of the global one. */
  fetch?: typeof globalThis.fetch;
  /**
   * How often a call is tried again, after the time that the answer names: one that was answered 429, and, but for POST
   * and PATCH, one that was answered 503 or found no server. 0 by default.
   */
  retries?: number;
}

export type Tallyship = Client<paths, 'application/json'>;

/** The client: `votes.GET('/v1/tallies', {params: {query: {tools: 'a,b'}}})`, and so on for each address. */
export function tallyship(options: Options): Tallyship {
  const { server, token, renewed, retries = 0 } = options;
  const call = (request: Request) => (options.fetch ?? globalThis.fetch)(request);
  const client = createClient<paths, 'application/json'>({
    baseUrl: server.replace(/\/+$/, ''),
    fetch: (request) => persistent(call, request, retries),
    // Lists are comma separated in this API.
    querySerializer: { array: { style: 'form', explode: false } },
  });
  const bearer: Middleware = {
    async onRequest({ request }) {
      const known = typeof token === 'function' ? await token() : token;
      if (known && !request.headers.has('authorization')) request.headers.set('authorization', `Bearer ${known}`);
      return request;
    },
    onResponse({ response }) {
      const fresh = response.headers.get('visitor-token');
      if (fresh) renewed?.(fresh);
      return undefined;
    },
  };
  client.use(bearer);
  return client;
}

const FIRST_WAIT = 1;
const LONGEST_WAIT = 60;

async function persistent(call: (request: Request) => Promise<Response>, request: Request, retries: number): Promise<Response> {
  // What was not carried out may be asked again; what may have been, only where twice is as once.
  const repeatable = request.method !== 'POST' && request.method !== 'PATCH';
  for (let left = retries; ; left -= 1) {
    let patience = FIRST_WAIT;
    try {
      // A request's body can be read once.
      const response = await call(left > 0 ? request.clone() : request);
      const again = response.status === 429 || (response.status === 503 && repeatable);
      if (left <= 0 || !again) return response;
      patience = seconds(response) ?? FIRST_WAIT;
      await response.body?.cancel();
    } catch (cause) {
      if (left <= 0 || !repeatable || request.signal.aborted) throw cause;
    }
    await wait(Math.min(patience, LONGEST_WAIT) * 1000, request.signal);
  }
}

function seconds(response: Response): number | undefined {
  const named = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(named) ? named : undefined;
}

/** An answer that is no success, with the problem that the server told. */
export class Refused extends Error {
  override readonly name = 'Refused';
  /** Such as `rate-limited`; empty where what answered was not the server. */
  readonly code: string;
  readonly status: number;
  readonly problem: Problem | undefined;
  /** Seconds after which it is worth another try. */
  readonly retryAfter: number | undefined;

  constructor(response: Response, problem: Problem | undefined) {
    super(problem ? `${problem.title}: ${problem.detail}` : `HTTP status ${response.status}`);
    this.code = problem?.code ?? '';
    this.status = response.status;
    this.problem = problem;
    this.retryAfter = seconds(response);
  }
}

/** What a call brought, or [`Refused`]: `const tally = await brought(votes.GET(…))`. */
export async function brought<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok && data !== undefined) return data;
  throw new Refused(response, isProblem(error) ? error : undefined);
}

function isProblem(error: unknown): error is Problem {
  return typeof error === 'object' && error !== null && 'code' in error && 'detail' in error;
}
