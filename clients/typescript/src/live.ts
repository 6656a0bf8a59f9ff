// Live tallies: GET /v1/stream as an async iterator that comes back by itself when the line breaks.
import type { Tally } from './schema.js';
import { wait } from './wait.js';

export interface LiveOptions {
  server: string;
  /** Slugs of up to 100 tools. */
  tools: readonly string[];
  /** Ends it. */
  signal?: AbortSignal;
  fetch?: typeof globalThis.fetch;
}

export type LiveTally = Tally;

/** The line is silent for 15 s at most while it is well. */
const SILENCE = 40_000;
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;

/**
 * Each tool's present tally, then every change, always the newest and never an older one than before. It ends when the
 * signal is aborted; a refusal that another try would not change (an unknown tool) is thrown.
 */
export async function* liveTallies(options: LiveOptions): AsyncGenerator<LiveTally, void, undefined> {
  const { tools, signal } = options;
  const call = options.fetch ?? globalThis.fetch;
  const address = `${options.server.replace(/\/+$/, '')}/v1/stream?tools=${tools.map(encodeURIComponent).join(',')}`;
  const seen = new Map<string, number>();
  let patience = FIRST_WAIT;
  while (!signal?.aborted) {
    const line = new AbortController();
    const end = () => line.abort();
    signal?.addEventListener('abort', end, { once: true });
    try {
      const response = await call(address, { signal: line.signal, headers: { accept: 'text/event-stream' } });
      if (!response.ok) {
        const text = await response.text();
        if (response.status < 500 && response.status !== 429) throw new Error(`GET ${address}: ${response.status} ${text}`, { cause: FINAL });
        patience = Math.max(patience, Number(response.headers.get('retry-after') ?? 0) * 1000);
      } else {
        for await (const { event, data } of events(response, line)) {
          patience = FIRST_WAIT;
          if (event !== 'tally') continue;
          const tally = JSON.parse(data) as Tally;
          if ((seen.get(tally.tool) ?? -1) >= tally.version) continue;
          seen.set(tally.tool, tally.version);
          yield tally;
        }
      }
    } catch (cause) {
      if (cause instanceof Error && cause.cause === FINAL) throw cause;
      // Anything else is a broken line.
    } finally {
      // Also where the caller leaves the loop: nothing stays open.
      signal?.removeEventListener('abort', end);
      line.abort();
    }
    try {
      // Not all at once after a restart of the server.
      await wait(patience * (0.5 + Math.random()), signal);
    } catch {
      return;
    }
    patience = Math.min(patience * 2, LONGEST_WAIT);
  }
}

const FINAL = Symbol('final');

interface Event {
  event: string;
  data: string;
}

async function* events(response: Response, line: AbortController): AsyncGenerator<Event, void, undefined> {
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let event = '';
  let data: string[] = [];
  for (;;) {
    const silence = setTimeout(() => line.abort(), SILENCE);
    const { done, value } = await reader.read().finally(() => clearTimeout(silence));
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) {
      if (text === '') {
        if (data.length > 0) yield { event, data: data.join('\n') };
        event = '';
        data = [];
      } else if (text.startsWith('event:')) {
        event = text.slice(6).trim();
      } else if (text.startsWith('data:')) {
        data.push(text.slice(5).replace(/^ /, ''));
      }
    }
  }
}
