// How the tallies of one server reach this page. All pages and frames of one origin share one stream: browsers open six
// connections to an HTTP/1.1 server, and a stream a frame would leave none for votes.
//
// The page that holds the Web Lock leads: it streams (or polls) whatever any page shows, and posts each tally to the others.
// When it closes or is hidden, the browser gives the lock to another. `server` calls it.

import type { Tally } from './tally.js';

/** The most tools of one call. */
const MAX_TOOLS = 100;
/** A stream that brings nothing for this long is taken for broken: something in between holds it back. */
const STREAM_PATIENCE_MS = 10_000;
const STREAM_RETRY_MS = 45_000;
const POLL_INTERVAL_MS = 5_000;
const POLL_INTERVAL_MAX_MS = 60_000;
/** Pages that begin together are streamed together. */
const GATHER_MS = 100;
/** No read may hang for longer. */
const READ_TIMEOUT_MS = 10_000;

/** What the pages of one origin tell each other. */
type Message =
  | { from: string; wants: string[] }
  | { leads: true }
  | { tallies: Tally[] }
  | { missing: string[] };

/** Who is told what the feed brings. */
export interface Listener {
  accept(tally: Tally): void;
  /** The server knows no such tools. */
  lacks(tools: string[]): void;
  /** Whether the last read was answered. */
  reached(answered: boolean): void;
}

/** Ends a call that takes longer; browsers before 2023 know no such signal. */
export const within = (milliseconds: number) => AbortSignal.timeout?.(milliseconds) ?? null;

/** So that a thousand pages do not come back at once. */
const jitter = (milliseconds: number) => milliseconds * (0.75 + Math.random() / 2);

export class Feed {
  readonly #id = Math.random().toString(36).slice(2);
  #tools: string[] = [];
  readonly #read = new Set<string>();
  readonly #missing = new Set<string>();
  #channel: BroadcastChannel | undefined;
  /** Gives the lock back, or ends the waiting for it. */
  #release: (() => void) | undefined;
  #leading = false;
  /** What the other pages show. */
  readonly #others = new Map<string, string[]>();
  #source: EventSource | undefined;
  #streamed = new Set<string>();
  #streamNotBefore = 0;
  #pause = POLL_INTERVAL_MS;
  #timers: Record<string, ReturnType<typeof setTimeout> | undefined> = {};

  readonly #base: string;
  readonly #listener: Listener;

  constructor(base: string, listener: Listener) {
    this.#base = base;
    this.#listener = listener;
  }

  /** Follows these tools from now on. The first figures are read at once, whoever leads. */
  follow(tools: string[]): void {
    this.#tools = tools;
    if (!tools.length) return this.rest();
    const unread = tools.filter((tool) => !this.#read.has(tool));
    this.#join();
    if (unread.length) void this.#poll(unread);
    if (this.#leading) this.#soon();
    else this.#announce();
  }

  /** Follows nothing, holds no connection and no lock. */
  rest(): void {
    this.#tools = [];
    this.#announce();
    this.#channel?.close();
    this.#channel = undefined;
    this.#release?.();
    this.#release = undefined;
    this.#leading = false;
    this.#others.clear();
    this.#read.clear();
    this.#closeStream();
    for (const name in this.#timers) this.#later(name);
  }

  #later(name: string, milliseconds?: number, act?: () => void): void {
    clearTimeout(this.#timers[name]);
    this.#timers[name] = act && setTimeout(act, milliseconds);
  }

  // Among pages.

  #join(): void {
    if (this.#release) return;
    const name = `tallyship ${this.#base}`;
    if (!('BroadcastChannel' in globalThis) || !globalThis.navigator?.locks) {
      // No way to share a stream (a page without https, an old browser): asking again takes no connection for itself.
      this.#streamNotBefore = Infinity;
      this.#release = () => undefined;
      return this.#lead();
    }
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => this.#hear(data);
    const waiting = new AbortController();
    this.#release = () => waiting.abort();
    const held = new Promise<void>((resolve) => {
      waiting.signal.addEventListener('abort', () => resolve());
    });
    const lead = () => {
      if (waiting.signal.aborted) return undefined;
      this.#lead();
      return held;
    };
    navigator.locks.request(name, { signal: waiting.signal }, lead).catch(() => undefined);
  }

  #lead(): void {
    this.#leading = true;
    this.#post({ leads: true });
    this.#soon();
  }

  #announce(): void {
    this.#post({ from: this.#id, wants: this.#tools });
  }

  #post(message: Message): void {
    this.#channel?.postMessage(message);
  }

  #hear(message: Message): void {
    if ('tallies' in message) message.tallies.forEach((tally) => this.#listener.accept(tally));
    else if ('missing' in message) this.#listener.lacks(message.missing);
    else if ('leads' in message) this.#announce();
    else if (this.#leading) {
      this.#others.set(message.from, message.wants);
      this.#soon();
    }
  }

  #share(tallies: Tally[]): void {
    tallies.forEach((tally) => this.#listener.accept(tally));
    if (this.#leading && tallies.length) this.#post({ tallies });
  }

  #lacks(missing: string[]): void {
    if (!missing.length) return;
    missing.forEach((tool) => this.#missing.add(tool));
    this.#listener.lacks(missing);
    if (this.#leading) this.#post({ missing });
  }

  // As the leader: by stream, and by asking again where there is none.

  #wanted(): string[] {
    const all = new Set(this.#tools);
    this.#others.forEach((tools) => tools.forEach((tool) => all.add(tool)));
    return [...all].filter((tool) => !this.#missing.has(tool)).sort();
  }

  #soon(): void {
    this.#later('gather', GATHER_MS, () => this.#refresh());
  }

  #refresh(): void {
    const tools = this.#wanted();
    const first = tools.slice(0, MAX_TOOLS);
    const wait = this.#streamNotBefore - Date.now();
    if (wait > 0 || !('EventSource' in globalThis)) {
      if (wait > 0 && wait < Infinity) this.#later('stream', wait, () => this.#refresh());
    } else if (!this.#source || first.some((tool) => !this.#streamed.has(tool))) this.#openStream(first);
    if (tools.some((tool) => !this.#streamed.has(tool)) && !this.#timers['poll']) this.#pollAgain();
  }

  #openStream(tools: string[]): void {
    this.#source?.close();
    const source = new EventSource(`${this.#base}v1/stream?tools=${tools.join(',')}`);
    this.#source = source;
    this.#streamed = new Set(tools);
    // Counted from the first silence on: a stream that is opened and cut, over and over, is broken as well.
    const wait = () => {
      if (!this.#timers['patience']) this.#later('patience', STREAM_PATIENCE_MS, () => this.#fallBack());
    };
    this.#later('patience');
    source.addEventListener('tally', (event) => {
      this.#later('patience');
      this.#listener.reached(true);
      this.#share([JSON.parse((event as MessageEvent<string>).data)]);
    });
    source.addEventListener('missing', (event) => {
      this.#lacks((JSON.parse((event as MessageEvent<string>).data) as { missing: string[] }).missing);
    });
    source.onerror = () => {
      if (this.#source !== source) return;
      if (source.readyState === EventSource.CLOSED) this.#fallBack();
      else wait();
    };
    wait();
  }

  #closeStream(): void {
    this.#source?.close();
    this.#source = undefined;
    this.#streamed.clear();
  }

  #fallBack(): void {
    this.#closeStream();
    this.#later('patience');
    this.#streamNotBefore = Date.now() + jitter(STREAM_RETRY_MS);
    this.#refresh();
    void this.#pollNow();
  }

  #pollAgain(): void {
    this.#later('poll', jitter(this.#pause), () => void this.#pollNow());
  }

  async #pollNow(): Promise<void> {
    this.#later('poll');
    const rest = this.#wanted().filter((tool) => !this.#streamed.has(tool));
    if (!this.#leading || !rest.length) return;
    await this.#poll(rest);
    if (this.#leading && !this.#timers['poll']) this.#pollAgain();
  }

  async #poll(tools: string[]): Promise<void> {
    const gone: string[] = [];
    try {
      for (let from = 0; from < tools.length; from += MAX_TOOLS) {
        const some = tools.slice(from, from + MAX_TOOLS);
        // What the browser's own cache would show for another ten seconds is too old here; the server answers 304.
        const answer = await fetch(`${this.#base}v1/tallies?tools=${some.join(',')}`, {
          cache: 'no-cache', signal: within(READ_TIMEOUT_MS),
        });
        this.#pause = Math.max(POLL_INTERVAL_MS, (Number(answer.headers.get('Retry-After')) || 0) * 1000);
        if (!answer.ok) throw new Error(`answered ${answer.status}`);
        const { tallies, missing = [] } = (await answer.json()) as { tallies: Tally[]; missing?: string[] };
        some.forEach((tool) => this.#read.add(tool));
        this.#share(tallies);
        gone.push(...missing);
      }
      this.#listener.reached(true);
    } catch {
      this.#pause = Math.max(this.#pause, Math.min(this.#pause * 2, POLL_INTERVAL_MAX_MS));
      this.#listener.reached(false);
      // A page without figures asks again, whoever leads.
      if (this.#tools.some((tool) => !this.#read.has(tool))) {
        this.#later('first', jitter(this.#pause), () => void this.#poll(this.#tools.filter((tool) => !this.#read.has(tool))));
      }
    }
    this.#lacks(gone);
    // The stream may have been refused for a tool that does not exist.
    if (gone.length && this.#leading && this.#streamNotBefore < Infinity) {
      this.#streamNotBefore = 0;
      this.#soon();
    }
  }
}
