// How the tallies of one server reach this page. All pages and frames of one origin share one stream: browsers open six
// connections to an HTTP/1.1 server, and a stream a frame would leave none for votes.
//
// The page that holds the Web Lock leads: it streams (or polls) whatever any page shows, and posts each tally to the others.
// When it closes or is hidden, the browser gives the lock to another. `server` calls it.

import type { Tally } from './tally.js';

/** The most tools of one call. */
export const MAX_TOOLS = 100;
/** A stream that brings nothing for this long is taken for broken: something in between holds it back. */
const STREAM_PATIENCE_MS = 10_000;
const STREAM_RETRY_MS = 45_000;
const POLL_INTERVAL_MS = 5_000;
const POLL_INTERVAL_MAX_MS = 60_000;
/** Pages that begin together are streamed together. */
const GATHER_MS = 100;
/** No read may hang for longer. */
export const READ_TIMEOUT_MS = 10_000;

/** What the server says of tools; also what the leading page posts to the others. */
export interface News {
  tallies?: Tally[];
  /** Tools that the server does not know. */
  missing?: string[];
}

/** What the pages of one origin post: news, what a page wants, or that a new page leads. */
interface Message extends News {
  from?: number;
  wants?: string[];
  leads?: boolean;
}

/** Receives what the feed brings. */
export interface Listener {
  learn(news: News): void;
  /** Whether the last read was answered. */
  reached(answered: boolean): void;
  isMissing(tool: string): boolean | undefined;
}

/** Running timeouts by name. */
export type Timers = Record<string, ReturnType<typeof setTimeout> | undefined>;

/** Calls `act` later. A running timeout of the name is replaced, or kept with `keep`; without `act` it only ends. */
export function later(timers: Timers, name: string, milliseconds?: number, act?: () => void, keep?: boolean): void {
  if (keep && timers[name]) return;
  clearTimeout(timers[name]);
  timers[name] = act && setTimeout(() => {
    timers[name] = undefined;
    act();
  }, milliseconds);
}

/** A call that takes no longer than `limit`; browsers before 2023 know no such signal. */
export const request = (url: string, limit: number, options: RequestInit): Promise<Response> =>
  fetch(url, { signal: AbortSignal.timeout?.(limit)!, ...options });

/** Seconds until the call may be repeated. */
export const retryAfter = (answer: Response) => +answer.headers.get('Retry-After')! || 0;

/** So that a thousand pages do not come back at once. */
const jitter = (milliseconds: number) => milliseconds * (0.75 + Math.random() / 2);

/** Makes the feed of the server at `base`: a function that follows these tools from now on, or with none lets go of
 * connection and lock. */
export function feed(base: string, listener: Listener): (tools: string[]) => void {
  const name = `tallyship ${base}`;
  const id = Math.random();
  const timers: Timers = {};
  /** What the other pages show. */
  const others = new Map<number, string[]>();
  let tools: string[] = [];
  let read: string[] = [];
  let streamed: string[] = [];
  let channel: BroadcastChannel | undefined;
  /** Gives the lock back, or ends the waiting for it. */
  let release: (() => void) | undefined;
  let leading = false;
  let source: EventSource | undefined;
  let streamNotBefore = 0;
  let pause = POLL_INTERVAL_MS;

  // Among pages.

  const post = (message: Message) => channel?.postMessage(message);
  const announce = () => post({ from: id, wants: tools });
  const share = (news: News) => {
    listener.learn(news);
    if (leading) post(news);
  };
  const lead = () => {
    leading = true;
    post({ leads: true });
    soon();
  };

  function join(): void {
    if (release) return;
    const { locks } = navigator;
    const waiting = new AbortController();
    const { signal } = waiting;
    release = () => waiting.abort();
    // No way to share a stream (a page without https): asking again takes no connection for itself.
    if (!locks) return lead();
    channel = new BroadcastChannel(name);
    channel.onmessage = ({ data }: MessageEvent<Message>) => {
      listener.learn(data);
      if (data.leads) announce();
      if (leading && data.wants) {
        others.set(data.from!, data.wants);
        soon();
      }
    };
    locks.request(name, { signal }, () => {
      if (signal.aborted) return;
      lead();
      return new Promise((resolve) => {
        signal.onabort = resolve;
      });
    }).catch(() => {});
  }

  // As the leader: by stream, and by asking again where there is none.

  const wanted = () => [...new Set([tools, ...others.values()].flat())].filter((tool) => !listener.isMissing(tool)).sort();
  const unstreamed = () => wanted().filter((tool) => !streamed.includes(tool));
  const soon = () => later(timers, 'gather', GATHER_MS, refresh);
  const pollAgain = () => later(timers, 'poll', jitter(pause), pollNow, true);

  function refresh(): void {
    const first = wanted().slice(0, MAX_TOOLS);
    const wait = streamNotBefore - Date.now();
    if (navigator.locks) {
      if (wait > 0) later(timers, 'stream', wait, refresh);
      else if (first.some((tool) => !streamed.includes(tool))) openStream(first);
    }
    if (unstreamed().length) pollAgain();
  }

  function openStream(first: string[]): void {
    closeStream();
    const opened = source = new EventSource(`${base}v1/stream?tools=${streamed = first}`);
    // Counted from the first silence on: a stream that is opened and cut, over and over, is broken as well.
    const wait = () => later(timers, 'patience', STREAM_PATIENCE_MS, fallBack, true);
    opened.addEventListener('tally', ({ data }) => {
      later(timers, 'patience');
      listener.reached(true);
      share({ tallies: [JSON.parse(data)] });
    });
    opened.addEventListener('missing', ({ data }) => share(JSON.parse(data)));
    opened.onerror = () => {
      if (source !== opened) return;
      if (opened.readyState > 1) fallBack();
      else wait();
    };
    wait();
  }

  function closeStream(): void {
    later(timers, 'patience');
    source?.close();
    source = undefined;
    streamed = [];
  }

  function fallBack(): void {
    closeStream();
    streamNotBefore = Date.now() + jitter(STREAM_RETRY_MS);
    refresh();
    void pollNow();
  }

  async function pollNow(): Promise<void> {
    later(timers, 'poll');
    const rest = unstreamed();
    if (!leading || !rest.length) return;
    await poll(rest);
    if (leading) pollAgain();
  }

  async function poll(asked: string[]): Promise<void> {
    let gone;
    try {
      for (let from = 0; from < asked.length; from += MAX_TOOLS) {
        const some = asked.slice(from, from + MAX_TOOLS);
        // What the browser's own cache would show for another ten seconds is too old here; the server answers 304.
        const answer = await request(`${base}v1/tallies?tools=${some}`, READ_TIMEOUT_MS, { cache: 'no-cache' });
        pause = Math.max(POLL_INTERVAL_MS, retryAfter(answer) * 1000);
        if (!answer.ok) throw answer;
        const news: News = await answer.json();
        read.push(...some);
        share(news);
        gone ||= news.missing?.length;
      }
      listener.reached(true);
    } catch {
      pause = Math.max(pause, Math.min(pause * 2, POLL_INTERVAL_MAX_MS));
      listener.reached(false);
      // A page without figures asks again, whoever leads.
      later(timers, 'first', jitter(pause), readFirst);
    }
    // The stream may have been refused for a tool that does not exist.
    if (gone && leading) {
      streamNotBefore = 0;
      soon();
    }
  }

  /** The first figures are read at once, whoever leads. */
  function readFirst(): void {
    const unread = tools.filter((tool) => !read.includes(tool));
    if (unread.length) void poll(unread);
  }

  return (now) => {
    tools = now;
    if (tools.length) {
      join();
      readFirst();
      if (leading) soon();
      else announce();
    } else {
      announce();
      channel?.close();
      release?.();
      channel = release = undefined;
      leading = false;
      others.clear();
      read = [];
      closeStream();
      for (const name in timers) later(timers, name);
    }
  };
}
