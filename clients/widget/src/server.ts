// One voting server as all elements of a page share it: one feed for all tools, one visitor, every tally once.
// `card` watches tools and casts votes here, and so do the scripts of the server's own pages. It must never let a page wait, nor throw into it.

import type * as Late from './late.js';
import { feed, later, MAX_TOOLS, READ_TIMEOUT_MS, request, retryAfter, type News, type Timers } from './feed.js';
import { moved, type Choice, type Tally } from './tally.js';

/** Elements that come one after another are asked for together. */
const GATHER_MS = 50;
/** A hidden page keeps its stream for this long. */
const HIDDEN_MS = 15_000;
/** A press is answered, or said to be unanswered, within 15 s: the calls of a vote, then the look for a reason. */
const VOTE_TIMEOUT_MS = 12_000;
const VISITOR_TIMEOUT_MS = 6_000;
const PROBE_TIMEOUT_MS = 2_000;

/** Loads the second script, for what only voters need; `script`, `index` and `pages` say from where. */
let load: (base: string) => Promise<typeof Late>;

export function loadLate(from: typeof load): void {
  load = from;
}

/** What a tool's slug looks like. */
export const SLUG = /^(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*$/;

/** Why a vote was not taken. */
export class Refusal extends Error {
  /** The problem's `code`; `offline`, `refused` or `late` if there was no answer to read. */
  declare readonly code: string;
  declare readonly status: number;
  /** Seconds until it may be tried again. */
  declare readonly wait: number;
  /** What the server said of it. */
  declare readonly detail: string;

  constructor(code: string, status = 0, wait = 0, detail = '') {
    super(code);
    Object.assign(this, { code, status, wait, detail });
  }
}

async function refusal(answer: Response): Promise<Refusal> {
  const { code = '', detail } = await answer.json().catch(() => ({}));
  return new Refusal(code, answer.status, retryAfter(answer), detail);
}

/** What opens a ballot of the public log: the seal that was sent, and the receipt that came back. */
export interface OwnBallot {
  /** None if the ballot was made without this script. */
  seal?: string | undefined;
  /** None before the first answer. */
  receipt?: { ballot: string; salt: string; log: string };
}

/** 32 bytes that the server cannot foresee, in base64url. */
const newSeal = () => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))))
  .replace(/\+/g, '-').replace(/\//g, '_').slice(0, 43);

/** What is known of one tool. */
interface ToolState {
  readonly watchers: Set<() => void>;
  tally?: Tally;
  /** The own choice; `undefined` until it is known. */
  choice?: Choice | null;
  /** The vote on its way, and the tally's version when it was cast. */
  pending?: { to: Choice | null; version: number | undefined } | undefined;
  /** The server does not know the tool. */
  missing?: boolean;
  castAt?: number;
}

/** What is shown of one tool. */
export interface ToolView {
  /** The newest tally; a vote on its way is counted in. */
  tally: Tally | undefined;
  /** The own choice; `undefined` until it is known. */
  choice: Choice | null | undefined;
  /** A vote is on its way. */
  pending: boolean;
  /** The server does not know the tool. */
  missing: boolean | undefined;
  /** The visitor's ballot. It has a receipt if the site has a log and the vote was cast in this browser. */
  ballot: OwnBallot | undefined;
}

export interface Server {
  /** A challenge is being solved. */
  checking: boolean;
  /** The last read was not answered. */
  silent: boolean;
  /** The page knows that a cookie came with it: the own votes are asked for without a token, too. */
  cookie: boolean;
  view(tool: string): ToolView;
  /** Calls `changed` whenever there is something new of `tool`, until the returned function is called. */
  watch(tool: string, changed: () => void): () => void;
  /** Casts, changes or withdraws; shown at once, taken back where it is refused with a {@link Refusal}. */
  cast(tool: string, to: Choice | null): Promise<void>;
  /** The visitor's ballots by tool. */
  ballots(): Record<string, OwnBallot | undefined>;
  /** Calls `use` with the second script, which is loaded if it is not there yet. */
  withLate<T>(use: (late: typeof Late) => T | Promise<T>): Promise<T>;
  /** Checks that the own ballot is named as it must be; with `looksUp`, also that the log has it. Shows what is found. */
  check(tool: string, show: (shown: Late.Shown) => void, looksUp?: boolean, phrase?: Late.Phrase): Promise<void>;
}

const servers: Record<string, Server> = {};

export const Server = {
  /** The one of `base`, an address with a slash at its end. */
  at: (base: string): Server => (servers[base] ??= open(base)),
};

function open(base: string): Server {
  const key = `tallyship ${base}`;
  const ballotsKey = `${key} ballots`;
  const timers: Timers = {};
  const states = new Map<string, ToolState>();
  /** Tools whose own choice has been asked for. */
  const asked = new Set<string>();
  /** What the browser does not store, because it may not or is full: it lives as long as the page. */
  const memory: Record<string, string | undefined> = {};
  let minting: Promise<void> | undefined;

  const of = (tool: string): ToolState => {
    let state = states.get(tool);
    if (!state) states.set(tool, (state = { watchers: new Set() }));
    return state;
  };
  const isMissing = (tool: string) => of(tool).missing;
  const changed = ({ watchers }: ToolState) => watchers.forEach((changed) => changed());
  const watched = () => [...states.keys()].filter((tool) => of(tool).watchers.size && !isMissing(tool)).sort();
  const rest = () => follow([]);

  const soon = () => later(timers, 'follow', GATHER_MS, () => {
    const tools = watched();
    if (document.hidden && tools.every((tool) => of(tool).tally)) return;
    if (!tools.length) asked.clear();
    void askOwn(tools);
    follow(tools);
  });

  const accept = (tally: Tally) => {
    const state = of(tally.tool);
    if (state.tally && state.tally.version >= tally.version) return;
    state.tally = tally;
    changed(state);
  };

  const follow = feed(base, {
    isMissing,
    learn({ tallies, missing }: News) {
      tallies?.forEach(accept);
      missing?.forEach((tool) => {
        of(tool).missing = true;
        changed(of(tool));
      });
    },
    reached(answered) {
      if (server.silent !== answered) return;
      server.silent = !answered;
      states.forEach(changed);
    },
  });

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) later(timers, 'hidden', HIDDEN_MS, rest);
    else {
      later(timers, 'hidden');
      soon();
    }
  });
  addEventListener('online', soon);
  // A page with an open stream could not be kept for the way back.
  addEventListener('pagehide', rest);
  addEventListener('pageshow', soon);

  // Voting: as one visitor, known by a token that the page keeps, because the cookie may not come along.

  const recall = (key: string) => {
    try {
      return memory[key] ?? localStorage.getItem(key);
    } catch {
      return '';
    }
  };

  const keep = (key: string, value: string) => {
    memory[key] = value;
    try {
      localStorage.setItem(key, value);
      memory[key] = undefined;
    } catch {
      // The cookie perhaps lives longer.
    }
  };

  const token = () => recall(key);
  const ballots = (): Record<string, OwnBallot | undefined> => {
    try {
      return JSON.parse(recall(ballotsKey)!) ?? {};
    } catch {
      return {};
    }
  };
  const keepBallot = <T extends OwnBallot | undefined>(tool: string, ballot: T) => {
    keep(ballotsKey, JSON.stringify({ ...ballots(), [tool]: ballot }));
    return ballot;
  };
  /** The ballot that a vote makes or changes. Its first seal is kept: it may have been counted without an answer. */
  const ballotFor = (tool: string) => ballots()[tool] ?? keepBallot(tool, { seal: newSeal() });

  async function call(method: string, path: string, limit: number, vote?: object, altcha?: string): Promise<Response> {
    const headers: Record<string, string> = {};
    if (token()) headers['Authorization'] = `Bearer ${token()}`;
    if (vote) headers['Content-Type'] = 'application/json';
    if (altcha) headers['Altcha'] = altcha;
    const answer = await request(base + path, limit, {
      method,
      headers,
      body: vote ? JSON.stringify(vote) : null,
      credentials: 'include',
      cache: 'no-store',
      // A vote is not lost when the visitor walks on.
      keepalive: method !== 'GET',
    });
    const renewed = answer.headers.get('Visitor-Token');
    if (renewed) keep(key, renewed);
    if (answer.status !== 403 || altcha) return answer;
    const { challenge } = await answer.clone().json().catch(() => ({}));
    if (!challenge) return answer;
    server.checking = true;
    // Whoever waits for their vote is told so.
    states.forEach(changed);
    const solution = await server.withLate(({ solve }) => solve(challenge)).catch(() => '');
    server.checking = false;
    return solution ? call(method, path, limit, vote, solution) : answer;
  }

  /** Calls once more if the token was refused, after `mend`. */
  async function twice(ask: () => Promise<Response>, mend: (answer: Response) => unknown): Promise<Response> {
    const answer = await ask();
    if (answer.status !== 401) return answer;
    await mend(answer);
    return ask();
  }

  /** Gets a token: the cookie's visitor's where there is one, the same visitor's again where the old one has ended. */
  const visitor = () => minting ??= (async () => {
    const answer = await twice(() => call('POST', 'v1/visitors', VISITOR_TIMEOUT_MS), () => keep(key, ''));
    if (!answer.ok) throw await refusal(answer);
    keep(key, (await answer.json()).token);
    if (answer.status === 200) {
      asked.clear();
      void askOwn(watched());
    } else {
      // Another voter: seals of the one before would link the two.
      keep(ballotsKey, '');
    }
  })().finally(() => {
    minting = undefined;
  });

  /** Asks for the visitor's own votes, once for each tool; a stranger has none. */
  async function askOwn(tools: string[]): Promise<void> {
    if (!token() && !server.cookie) return;
    const fresh = tools.filter((tool) => !asked.has(tool)).slice(0, MAX_TOOLS);
    if (!fresh.length) return;
    fresh.forEach((tool) => asked.add(tool));
    const began = performance.now();
    try {
      const answer = await twice(
        () => call('GET', `v1/votes?tools=${fresh}`, READ_TIMEOUT_MS),
        async (answer) => ((await refusal(answer)).code === 'expired-token' ? visitor() : keep(key, '')),
      );
      if (!answer.ok) return;
      for (const { tool, choice } of (await answer.json()).items as { tool: string; choice: Choice | null }[]) {
        const state = of(tool);
        // An answer from before a vote knows less than the vote's own.
        if (state.castAt! > began) continue;
        state.choice = choice;
        changed(state);
      }
      void askOwn(tools);
    } catch {
      fresh.forEach((tool) => asked.delete(tool));
    }
  }

  async function send(tool: string, to: Choice | null): Promise<Response> {
    const deadline = performance.now() + VOTE_TIMEOUT_MS;
    if (!token()) await visitor();
    const answer = await twice(
      () => call(
        to ? 'PUT' : 'DELETE',
        `v1/tools/${tool}/vote`,
        Math.max(1, deadline - performance.now()),
        to ? { choice: to, seal: ballotFor(tool).seal } : undefined,
      ),
      visitor,
    );
    if (!answer.ok) throw await refusal(answer);
    return answer;
  }

  /** A page off the allow-list sees only a failed call: it is told apart by whether it may still read. */
  async function whyNoAnswer(tool: string, cause: unknown): Promise<string> {
    if (!navigator.onLine) return 'offline';
    if ((cause as Error).name === 'TimeoutError') {
      // The vote may have been counted all the same: what stands is asked for again.
      asked.delete(tool);
      soon();
      return 'late';
    }
    const readable = await request(`${base}v1/tallies?tools=${tool}`, PROBE_TIMEOUT_MS, { cache: 'no-store' })
      .then((answer) => answer.ok, () => false);
    if (!readable) return 'offline';
    console.warn(`ship-vote: ${location.origin} is not in TALLYSHIP_HTTP__ALLOWED_ORIGINS of ${base}`);
    return 'refused';
  }

  const server: Server = {
    checking: false,
    silent: false,
    cookie: false,
    view(tool) {
      const { tally, pending, choice, missing } = of(tool);
      return {
        // Once the server has published anything newer, that is the truth, with the vote or without it.
        tally: tally && pending?.version === tally.version ? moved(tally, choice, pending.to) : tally,
        choice: pending ? pending.to : choice,
        pending: !!pending,
        missing,
        ballot: ballots()[tool],
      };
    },
    watch(tool, changed) {
      const { watchers } = of(tool);
      watchers.add(changed);
      soon();
      return () => {
        watchers.delete(changed);
        if (!watchers.size) soon();
      };
    },
    async cast(tool, to) {
      const state = of(tool);
      state.pending = { to, version: state.tally?.version };
      changed(state);
      try {
        const { vote, tally, receipt } = await (await send(tool, to)).json();
        // Without a log there is nothing to keep.
        keepBallot(tool, receipt && { seal: ballots()[tool]?.seal, receipt });
        state.choice = vote.choice;
        asked.add(tool);
        state.castAt = performance.now();
        accept(tally);
      } catch (cause) {
        throw cause instanceof Refusal ? cause : new Refusal(await whyNoAnswer(tool, cause));
      } finally {
        state.pending = undefined;
        changed(state);
      }
    },
    ballots,
    withLate: (use) => load(base).then(use),
    check: (tool, show, looksUp, phrase) => server.withLate((late) => late.check(server.view(tool).ballot!, show, looksUp && {
      base,
      tool,
      get choice() {
        return server.view(tool).choice;
      },
    }, phrase)),
  };
  return server;
}
