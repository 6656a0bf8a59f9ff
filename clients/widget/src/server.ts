// One voting server as all elements of a page share it: one stream for all tools, one visitor, every tally once.
// `card` watches tools and casts votes here. It must never let a page wait, nor throw into it.

import { solve } from './challenge.js';
import { moved, type Choice, type Tally } from './tally.js';

/** As many tools as one call may name. */
const MOST = 100;
/** Elements that come one after another are asked for together. */
const TOGETHER = 50;
/** A stream that brings nothing for so long is no stream: something in between holds it back. */
const PATIENCE = 10_000;
const POLL = 5_000;
const POLL_MOST = 60_000;
const STREAM_AGAIN = 45_000;
/** A page that nobody looks at keeps its stream for so long. */
const HIDDEN = 15_000;

/** What may go into an address. */
const SLUG = /^[a-z0-9-]{1,64}$/;

/** So that a thousand pages do not come back at once. */
const jitter = (milliseconds: number) => milliseconds * (0.75 + Math.random() / 2);

/** Why a vote was not taken. */
export class Refusal extends Error {
  constructor(
    /** The problem's `code`; `offline` or `refused` where there was no answer to read. */
    readonly code: string,
    readonly status = 0,
    /** Seconds until it may be tried again. */
    readonly wait = 0,
  ) {
    super(code);
  }

  static async of(answer: Response): Promise<Refusal> {
    const problem = await answer.json().catch(() => ({}));
    return new Refusal(String(problem.code ?? ''), answer.status, Number(answer.headers.get('Retry-After')) || 0);
  }
}

const servers = new Map<string, Server>();

export class Server {
  private readonly tallies = new Map<string, Tally>();
  private readonly choices = new Map<string, Choice | null>();
  private readonly pending = new Map<string, { to: Choice | null; version: number | undefined }>();
  private readonly missing = new Set<string>();
  private readonly asked = new Set<string>();
  private readonly castAt = new Map<string, number>();
  private readonly watchers = new Map<string, Set<() => void>>();
  private readonly key: string;
  private memory = '';
  private minting: Promise<void> | undefined;
  /** A challenge is being solved. */
  checking = false;
  private source: EventSource | undefined;
  private streamed = new Set<string>();
  private notBefore = 0;
  private pause = POLL;
  private timers: Record<string, ReturnType<typeof setTimeout> | undefined> = {};

  /** The one of `base`, an address with a slash at its end. */
  static at(base: string): Server {
    let server = servers.get(base);
    if (!server) servers.set(base, (server = new Server(base)));
    return server;
  }

  private constructor(readonly base: string) {
    this.key = `tallyship ${base}`;
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.later('hidden', HIDDEN, () => this.rest());
      else {
        this.later('hidden');
        this.soon();
      }
    });
    addEventListener('online', () => this.soon());
    // A page with an open stream could not be kept for the way back.
    addEventListener('pagehide', () => this.rest());
    addEventListener('pageshow', () => this.soon());
  }

  // What is known of a tool.

  tally(tool: string): Tally | undefined {
    const tally = this.tallies.get(tool);
    const wish = this.pending.get(tool);
    // Once the server has published anything newer, that is the truth, with the vote or without it.
    return tally && wish && wish.version === tally.version ? moved(tally, this.choices.get(tool) ?? null, wish.to) : tally;
  }

  choice(tool: string): Choice | null {
    const wish = this.pending.get(tool);
    return (wish ? wish.to : this.choices.get(tool)) ?? null;
  }

  isMissing(tool: string): boolean {
    return this.missing.has(tool);
  }

  isPending(tool: string): boolean {
    return this.pending.has(tool);
  }

  /** Calls `changed` whenever there is something new of `tool`, until the returned function is called. */
  watch(tool: string, changed: () => void): () => void {
    const watchers = this.watchers.get(tool) ?? new Set();
    this.watchers.set(tool, watchers.add(changed));
    if (!SLUG.test(tool)) this.lacks([tool]);
    this.soon();
    return () => {
      watchers.delete(changed);
      if (!watchers.size && this.watchers.get(tool) === watchers) {
        this.watchers.delete(tool);
        this.soon();
      }
    };
  }

  private changed(tool: string): void {
    this.watchers.get(tool)?.forEach((changed) => changed());
  }

  private accept(tally: Tally): void {
    const known = this.tallies.get(tally.tool);
    if (known && known.version >= tally.version) return;
    this.tallies.set(tally.tool, tally);
    this.changed(tally.tool);
  }

  private lacks(tools: string[]): void {
    tools.forEach((tool) => {
      this.missing.add(tool);
      this.changed(tool);
    });
  }

  // Following: by stream, and by asking again where there is none.

  private later(name: string, milliseconds?: number, act?: () => void): void {
    clearTimeout(this.timers[name]);
    this.timers[name] = act && setTimeout(act, milliseconds);
  }

  private tools(): string[] {
    return [...this.watchers.keys()].filter((tool) => !this.missing.has(tool)).sort();
  }

  private soon(): void {
    this.later('follow', TOGETHER, () => this.follow());
  }

  private rest(): void {
    this.source?.close();
    this.source = undefined;
    this.streamed.clear();
    this.asked.clear();
    for (const name of ['stream', 'patience', 'poll']) this.later(name);
  }

  private follow(): void {
    const tools = this.tools();
    if (!tools.length) return this.rest();
    if (document.hidden && this.tallies.size) return;
    void this.askOwn(tools);
    const wait = this.notBefore - Date.now();
    if (wait > 0 || !('EventSource' in globalThis)) {
      if (wait > 0) this.later('stream', wait, () => this.follow());
    } else if (!this.source || tools.slice(0, MOST).some((tool) => !this.streamed.has(tool))) {
      this.open(tools.slice(0, MOST));
    }
    if (tools.some((tool) => !this.streamed.has(tool))) void this.poll();
  }

  private open(tools: string[]): void {
    this.source?.close();
    const source = new EventSource(`${this.base}v1/stream?tools=${tools.join(',')}`);
    this.source = source;
    this.streamed = new Set(tools);
    // Counted from the first silence on: a stream that is opened and cut, over and over, is none either.
    const wait = () => {
      if (!this.timers['patience']) this.later('patience', PATIENCE, () => this.fallBack());
    };
    this.later('patience');
    source.addEventListener('tally', (event) => {
      this.later('patience');
      this.accept(JSON.parse((event as MessageEvent<string>).data));
    });
    source.addEventListener('missing', (event) => {
      this.lacks((JSON.parse((event as MessageEvent<string>).data) as { missing: string[] }).missing);
    });
    source.onerror = () => {
      if (this.source !== source) return;
      if (source.readyState === EventSource.CLOSED) this.fallBack();
      else wait();
    };
    wait();
  }

  private fallBack(): void {
    this.source?.close();
    this.source = undefined;
    this.streamed.clear();
    this.later('patience');
    this.notBefore = Date.now() + jitter(STREAM_AGAIN);
    this.follow();
  }

  private async poll(): Promise<void> {
    const rest = this.tools().filter((tool) => !this.streamed.has(tool));
    this.later('poll');
    if (!rest.length) return;
    const gone = this.missing.size;
    try {
      for (let from = 0; from < rest.length; from += MOST) {
        const path = `v1/tallies?tools=${rest.slice(from, from + MOST).join(',')}`;
        // What the browser's own cache would show for another ten seconds is too old here; the server answers 304.
        const answer = await fetch(this.base + path, { cache: 'no-cache' });
        if (!answer.ok) throw await Refusal.of(answer);
        const { tallies, missing = [] } = (await answer.json()) as { tallies: Tally[]; missing?: string[] };
        tallies.forEach((tally) => this.accept(tally));
        this.lacks(missing);
      }
      this.pause = POLL;
    } catch (refusal) {
      this.pause = Math.max(Math.min(this.pause * 2, POLL_MOST), (refusal as Refusal).wait * 1000 || 0);
    }
    this.later('poll', jitter(this.pause), () => {
      if (!document.hidden) void this.poll();
    });
    // The stream may have been refused for a tool that does not exist.
    if (this.missing.size > gone) {
      this.notBefore = 0;
      this.soon();
    }
  }

  // Voting: as one visitor, known by a token that the page keeps, because the cookie may not come along.

  private get token(): string {
    try {
      return localStorage.getItem(this.key) ?? this.memory;
    } catch {
      return this.memory;
    }
  }

  private set token(token: string) {
    this.memory = token;
    try {
      if (token) localStorage.setItem(this.key, token);
      else localStorage.removeItem(this.key);
    } catch {
      // No storage here: the token lives as long as the page, the cookie perhaps longer.
    }
  }

  private async call(method: string, path: string, body?: object, altcha = ''): Promise<Response> {
    const headers: Record<string, string> = {};
    if (this.token) headers['Authorization'] = `Bearer ${this.token}`;
    if (body) headers['Content-Type'] = 'application/json';
    if (altcha) headers['Altcha'] = altcha;
    const answer = await fetch(this.base + path, {
      method,
      headers,
      body: body ? JSON.stringify(body) : null,
      credentials: 'include',
      cache: 'no-store',
      // A vote is not lost when the visitor walks on.
      keepalive: method !== 'GET',
    });
    const renewed = answer.headers.get('Visitor-Token');
    if (renewed) this.token = renewed;
    if (answer.status !== 403 || altcha) return answer;
    const { challenge } = await answer.clone().json().catch(() => ({}));
    if (!challenge) return answer;
    this.checking = true;
    // Whoever waits for their vote is told so.
    this.pending.forEach((_, tool) => this.changed(tool));
    const solution = await solve(challenge).catch(() => '');
    this.checking = false;
    return solution ? this.call(method, path, body, solution) : answer;
  }

  /** Gets a token: the cookie's visitor's where there is one, the same visitor's again where the old one has ended. */
  private visitor(): Promise<void> {
    this.minting ??= (async () => {
      let answer = await this.call('POST', 'v1/visitors');
      if (answer.status === 401) {
        this.token = '';
        answer = await this.call('POST', 'v1/visitors');
      }
      if (!answer.ok) throw await Refusal.of(answer);
      this.token = (await answer.json()).token;
      if (answer.status === 200) {
        this.asked.clear();
        void this.askOwn(this.tools());
      }
    })().finally(() => {
      this.minting = undefined;
    });
    return this.minting;
  }

  /** Asks for the visitor's own votes, once for each tool; a stranger has none. */
  private async askOwn(tools: string[]): Promise<void> {
    if (!this.token && new URL(this.base).origin !== location.origin) return;
    const fresh = tools.filter((tool) => !this.asked.has(tool)).slice(0, MOST);
    if (!fresh.length) return;
    fresh.forEach((tool) => this.asked.add(tool));
    const began = performance.now();
    try {
      const path = `v1/votes?tools=${fresh.join(',')}`;
      let answer = await this.call('GET', path);
      if (answer.status === 401 && this.token) {
        if ((await Refusal.of(answer)).code !== 'expired-token') {
          this.token = '';
          return;
        }
        await this.visitor();
        answer = await this.call('GET', path);
      }
      if (!answer.ok) return;
      for (const { tool, choice } of (await answer.json()).items as { tool: string; choice: Choice | null }[]) {
        // An answer from before a vote knows less than the vote's own.
        if ((this.castAt.get(tool) ?? 0) > began) continue;
        this.choices.set(tool, choice);
        this.changed(tool);
      }
      if (tools.length > fresh.length) void this.askOwn(tools);
    } catch {
      fresh.forEach((tool) => this.asked.delete(tool));
    }
  }

  /** Casts, changes or withdraws; shown at once, taken back where it is refused with a {@link Refusal}. */
  async cast(tool: string, to: Choice | null): Promise<void> {
    this.pending.set(tool, { to, version: this.tallies.get(tool)?.version });
    this.changed(tool);
    try {
      const answer = await this.send(tool, to);
      const { vote, tally } = (await answer.json()) as { vote: { choice: Choice | null }; tally: Tally };
      this.choices.set(tool, vote.choice);
      this.asked.add(tool);
      this.castAt.set(tool, performance.now());
      this.accept(tally);
    } catch (cause) {
      throw cause instanceof Refusal ? cause : new Refusal(await this.whyNoAnswer());
    } finally {
      this.pending.delete(tool);
      this.changed(tool);
    }
  }

  private async send(tool: string, to: Choice | null): Promise<Response> {
    if (!this.token) await this.visitor();
    const path = `v1/tools/${tool}/vote`;
    const once = () => (to ? this.call('PUT', path, { choice: to }) : this.call('DELETE', path));
    let answer = await once();
    if (answer.status === 401) {
      await this.visitor();
      answer = await once();
    }
    if (!answer.ok) throw await Refusal.of(answer);
    return answer;
  }

  /** A page off the allow-list sees only a failed call: it is told apart by whether it may still read. */
  private async whyNoAnswer(): Promise<string> {
    if (!navigator.onLine) return 'offline';
    const tool = this.tools()[0];
    const readable = await fetch(`${this.base}v1/tallies?tools=${tool}`, { cache: 'no-store' }).then(
      (answer) => answer.ok,
      () => false,
    );
    return readable ? 'refused' : 'offline';
  }
}
