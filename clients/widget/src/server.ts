// One voting server as all elements of a page share it: one feed for all tools, one visitor, every tally once.
// `card` watches tools and casts votes here, and so do the scripts of the server's own pages. It must never let a page wait, nor throw into it.

import { solve } from './challenge.js';
import { Feed, within, type Listener } from './feed.js';
import { moved, type Choice, type Tally } from './tally.js';

/** The most tools of one call. */
const MAX_TOOLS = 100;
/** Elements that come one after another are asked for together. */
const GATHER_MS = 50;
/** A hidden page keeps its stream for this long. */
const HIDDEN_MS = 15_000;
/** A press is answered, or said to be unanswered, within 15 s: the calls of a vote, then the look for a reason. */
const VOTE_TIMEOUT_MS = 12_000;
const VISITOR_TIMEOUT_MS = 6_000;
const PROBE_TIMEOUT_MS = 2_000;
const READ_TIMEOUT_MS = 10_000;

/** What a tool's slug looks like. */
export const SLUG = /^(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*$/;

/** Why a vote was not taken. */
export class Refusal extends Error {
  constructor(
    /** The problem's `code`; `offline`, `refused` or `late` if there was no answer to read. */
    readonly code: string,
    readonly status = 0,
    /** Seconds until it may be tried again. */
    readonly wait = 0,
    /** What the server said of it. */
    readonly detail = '',
  ) {
    super(code);
  }

  static async of(answer: Response): Promise<Refusal> {
    const { code = '', detail } = await answer.json().catch(() => ({}));
    return new Refusal(code, answer.status, Number(answer.headers.get('Retry-After')) || 0, detail);
  }
}

const servers = new Map<string, Server>();

export class Server implements Listener {
  readonly #feed: Feed;
  readonly #tallies = new Map<string, Tally>();
  readonly #choices = new Map<string, Choice | null>();
  readonly #pending = new Map<string, { to: Choice | null; version: number | undefined }>();
  readonly #missing = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #castAt = new Map<string, number>();
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #key: string;
  #memory = '';
  #minting: Promise<void> | undefined;
  /** A challenge is being solved. */
  checking = false;
  /** The last read was not answered. */
  unreachable = false;
  /** The page knows that a cookie came with it: the own votes are asked for without a token, too. */
  cookie = false;
  #timers: Record<string, ReturnType<typeof setTimeout> | undefined> = {};

  /** The one of `base`, an address with a slash at its end. */
  static at(base: string): Server {
    let server = servers.get(base);
    if (!server) servers.set(base, (server = new Server(base)));
    return server;
  }

  private constructor(readonly base: string) {
    this.#key = `tallyship ${base}`;
    this.#feed = new Feed(base, this);
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.#later('hidden', HIDDEN_MS, () => this.#feed.rest());
      else {
        this.#later('hidden');
        this.#soon();
      }
    });
    addEventListener('online', () => this.#soon());
    // A page with an open stream could not be kept for the way back.
    addEventListener('pagehide', () => this.#feed.rest());
    addEventListener('pageshow', () => this.#soon());
  }

  // What is known of a tool.

  tally(tool: string): Tally | undefined {
    const tally = this.#tallies.get(tool);
    const wish = this.#pending.get(tool);
    // Once the server has published anything newer, that is the truth, with the vote or without it.
    return tally && wish && wish.version === tally.version ? moved(tally, this.#choices.get(tool) ?? null, wish.to) : tally;
  }

  choice(tool: string): Choice | null {
    const wish = this.#pending.get(tool);
    return (wish ? wish.to : this.#choices.get(tool)) ?? null;
  }

  /** Whether the own choice is known: asked for, or cast here. */
  knowsChoice(tool: string): boolean {
    return this.#choices.has(tool) || this.#pending.has(tool);
  }

  isMissing(tool: string): boolean {
    return this.#missing.has(tool);
  }

  isPending(tool: string): boolean {
    return this.#pending.has(tool);
  }

  /** Calls `changed` whenever there is something new of `tool`, until the returned function is called. */
  watch(tool: string, changed: () => void): () => void {
    const watchers = this.#watchers.get(tool) ?? new Set();
    this.#watchers.set(tool, watchers.add(changed));
    this.#soon();
    return () => {
      watchers.delete(changed);
      if (!watchers.size && this.#watchers.get(tool) === watchers) {
        this.#watchers.delete(tool);
        this.#soon();
      }
    };
  }

  #changed(tool: string): void {
    this.#watchers.get(tool)?.forEach((changed) => changed());
  }

  accept(tally: Tally): void {
    const known = this.#tallies.get(tally.tool);
    if (known && known.version >= tally.version) return;
    this.#tallies.set(tally.tool, tally);
    this.#changed(tally.tool);
  }

  reached(answered: boolean): void {
    if (this.unreachable === !answered) return;
    this.unreachable = !answered;
    this.#watchers.forEach((_, tool) => this.#changed(tool));
  }

  lacks(tools: string[]): void {
    tools.forEach((tool) => {
      this.#missing.add(tool);
      this.#changed(tool);
    });
  }

  #later(name: string, milliseconds?: number, act?: () => void): void {
    clearTimeout(this.#timers[name]);
    this.#timers[name] = act && setTimeout(act, milliseconds);
  }

  #tools(): string[] {
    return [...this.#watchers.keys()].filter((tool) => !this.#missing.has(tool)).sort();
  }

  #soon(): void {
    this.#later('follow', GATHER_MS, () => {
      const tools = this.#tools();
      if (document.hidden && this.#tallies.size) return;
      if (!tools.length) this.#asked.clear();
      void this.#askOwn(tools);
      this.#feed.follow(tools);
    });
  }

  // Voting: as one visitor, known by a token that the page keeps, because the cookie may not come along.

  get #token(): string {
    try {
      return localStorage.getItem(this.#key) ?? this.#memory;
    } catch {
      return this.#memory;
    }
  }

  set #token(token: string) {
    this.#memory = token;
    try {
      if (token) localStorage.setItem(this.#key, token);
      else localStorage.removeItem(this.#key);
    } catch {
      // No storage here: the token lives as long as the page, the cookie perhaps longer.
    }
  }

  async #call(method: string, path: string, limit: number, body?: object, altcha = ''): Promise<Response> {
    const headers: Record<string, string> = {};
    if (this.#token) headers['Authorization'] = `Bearer ${this.#token}`;
    if (body) headers['Content-Type'] = 'application/json';
    if (altcha) headers['Altcha'] = altcha;
    const answer = await fetch(this.base + path, {
      method,
      headers,
      body: body ? JSON.stringify(body) : null,
      credentials: 'include',
      cache: 'no-store',
      signal: within(limit),
      // A vote is not lost when the visitor walks on.
      keepalive: method !== 'GET',
    });
    const renewed = answer.headers.get('Visitor-Token');
    if (renewed) this.#token = renewed;
    if (answer.status !== 403 || altcha) return answer;
    const { challenge } = await answer.clone().json().catch(() => ({}));
    if (!challenge) return answer;
    this.checking = true;
    // Whoever waits for their vote is told so.
    this.#pending.forEach((_, tool) => this.#changed(tool));
    const solution = await solve(challenge).catch(() => '');
    this.checking = false;
    return solution ? this.#call(method, path, limit, body, solution) : answer;
  }

  /** Gets a token: the cookie's visitor's where there is one, the same visitor's again where the old one has ended. */
  #visitor(): Promise<void> {
    this.#minting ??= (async () => {
      const mint = () => this.#call('POST', 'v1/visitors', VISITOR_TIMEOUT_MS);
      let answer = await mint();
      if (answer.status === 401) {
        this.#token = '';
        answer = await mint();
      }
      if (!answer.ok) throw await Refusal.of(answer);
      this.#token = (await answer.json()).token;
      if (answer.status === 200) {
        this.#asked.clear();
        void this.#askOwn(this.#tools());
      }
    })().finally(() => {
      this.#minting = undefined;
    });
    return this.#minting;
  }

  /** Asks for the visitor's own votes, once for each tool; a stranger has none. */
  async #askOwn(tools: string[]): Promise<void> {
    if (!this.#token && !this.cookie) return;
    const fresh = tools.filter((tool) => !this.#asked.has(tool)).slice(0, MAX_TOOLS);
    if (!fresh.length) return;
    fresh.forEach((tool) => this.#asked.add(tool));
    const began = performance.now();
    try {
      const path = `v1/votes?tools=${fresh.join(',')}`;
      const ask = () => this.#call('GET', path, READ_TIMEOUT_MS);
      let answer = await ask();
      if (answer.status === 401 && this.#token) {
        if ((await Refusal.of(answer)).code !== 'expired-token') {
          this.#token = '';
          return;
        }
        await this.#visitor();
        answer = await ask();
      }
      if (!answer.ok) return;
      for (const { tool, choice } of (await answer.json()).items as { tool: string; choice: Choice | null }[]) {
        // An answer from before a vote knows less than the vote's own.
        if ((this.#castAt.get(tool) ?? 0) > began) continue;
        this.#choices.set(tool, choice);
        this.#changed(tool);
      }
      if (tools.length > fresh.length) void this.#askOwn(tools);
    } catch {
      fresh.forEach((tool) => this.#asked.delete(tool));
    }
  }

  /** Casts, changes or withdraws; shown at once, taken back where it is refused with a {@link Refusal}. */
  async cast(tool: string, to: Choice | null): Promise<void> {
    this.#pending.set(tool, { to, version: this.#tallies.get(tool)?.version });
    this.#changed(tool);
    try {
      const answer = await this.#send(tool, to);
      const { vote, tally } = (await answer.json()) as { vote: { choice: Choice | null }; tally: Tally };
      this.#choices.set(tool, vote.choice);
      this.#asked.add(tool);
      this.#castAt.set(tool, performance.now());
      this.accept(tally);
    } catch (cause) {
      throw cause instanceof Refusal ? cause : new Refusal(await this.#whyNoAnswer(tool, cause));
    } finally {
      this.#pending.delete(tool);
      this.#changed(tool);
    }
  }

  async #send(tool: string, to: Choice | null): Promise<Response> {
    const deadline = performance.now() + VOTE_TIMEOUT_MS;
    if (!this.#token) await this.#visitor();
    const path = `v1/tools/${tool}/vote`;
    const once = () => {
      const left = Math.max(1, Math.round(deadline - performance.now()));
      return to ? this.#call('PUT', path, left, { choice: to }) : this.#call('DELETE', path, left);
    };
    let answer = await once();
    if (answer.status === 401) {
      await this.#visitor();
      answer = await once();
    }
    if (!answer.ok) throw await Refusal.of(answer);
    return answer;
  }

  /** A page off the allow-list sees only a failed call: it is told apart by whether it may still read. */
  async #whyNoAnswer(tool: string, cause: unknown): Promise<string> {
    if (!navigator.onLine) return 'offline';
    if ((cause as Error).name === 'TimeoutError') {
      // The vote may have been counted all the same: what stands is asked for again.
      this.#asked.delete(tool);
      this.#soon();
      return 'late';
    }
    const readable = await fetch(`${this.base}v1/tallies?tools=${tool}`, {
      cache: 'no-store', signal: within(PROBE_TIMEOUT_MS),
    }).then((answer) => answer.ok, () => false);
    if (!readable) return 'offline';
    console.warn(`ship-vote: ${this.base} takes no votes from ${location.origin}. If it should, list this origin in TALLYSHIP_HTTP__ALLOWED_ORIGINS there.`);
    return 'refused';
  }
}
