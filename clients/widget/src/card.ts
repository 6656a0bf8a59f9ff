// One tool inside an element: its figures, its two buttons, and what became of a vote in words.
// `element` makes it. It is drawn once and then only changed, so that focus and screen readers stay where they are.

import { Refusal, type Server } from './server.js';
import type { Choice, Tally } from './tally.js';
import { show, type Said, type Voice, type Words } from './words.js';

/** What a card tells the page. */
export type Tell = (name: 'beforevote' | 'vote' | 'voteerror' | 'tally', detail: object) => boolean;

const REASONS: Record<string, keyof Words> = {
  frozen: 'frozen',
  archived: 'archived',
  'voter-banned': 'banned',
  'origin-refused': 'refused',
  refused: 'refused',
  'challenge-required': 'check',
  offline: 'offline',
  'unknown-tool': 'unknown',
  late: 'late',
};

function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  names: string,
  parent?: Node,
  attributes: Record<string, string> = {},
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (names) {
    element.className = names;
    element.setAttribute('part', names);
  }
  for (const name in attributes) element.setAttribute(name, attributes[name] as string);
  parent?.appendChild(element);
  return element;
}

/** One column of figures. */
class Column {
  readonly #term: HTMLElement;
  readonly #percent: HTMLElement;
  readonly #bar: HTMLElement;
  readonly #notes: HTMLElement[];

  constructor(list: HTMLElement, name: string, marks: string[]) {
    const column = make('div', name, list);
    this.#term = make('dt', 'label', column);
    this.#percent = make('dd', 'percent', column);
    this.#bar = make('dd', 'bar', column, { 'aria-hidden': 'true' });
    for (const mark of marks) make('i', mark, this.#bar);
    this.#notes = [make('dd', 'note', column), make('dd', 'note', column)];
  }

  show(term: Said, percent: string, notes: Said[]): void {
    show(this.#term, term);
    put(this.#percent, percent);
    this.#notes.forEach((note, index) => show(note, notes[index]));
  }

  mark(name: string, from: number, to: number): void {
    // Set through the object model: a strict content policy forbids the attribute only.
    const style = this.#bar.querySelector<HTMLElement>(`.${name}`)?.style;
    style?.setProperty('--from', String(from));
    style?.setProperty('--to', String(to));
  }
}

function put(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export class Card {
  readonly root = make('div', 'card');
  readonly #title: HTMLElement;
  readonly #panel: Column;
  readonly #community: Column;
  readonly #group: HTMLElement;
  readonly #buttons: Record<Choice, HTMLButtonElement>;
  readonly #closed: HTMLElement;
  readonly #status: HTMLElement;
  #unwatch: (() => void) | undefined;
  #countdown: ReturnType<typeof setInterval> | undefined;
  #told = -1;

  readonly #server: Server;
  readonly #name: string;
  #voice: Voice;
  readonly #tell: Tell;

  constructor(
    server: Server,
    readonly tool: string,
    name: string,
    voice: Voice,
    tell: Tell,
  ) {
    this.#server = server;
    this.#name = name;
    this.#voice = voice;
    this.#tell = tell;
    this.#title = make('div', 'name', this.root, { dir: 'auto' });
    const list = make('dl', 'figures', this.root);
    this.#panel = new Column(list, 'panel', ['track', 'fill']);
    this.#community = new Column(list, 'community', ['track', 'fill', 'span']);
    this.#group = make('div', 'vote', this.root, { role: 'group' });
    const button = (choice: Choice) => {
      const made = make('button', choice, this.#group, { type: 'button', part: `button ${choice}` });
      made.addEventListener('click', () => void this.#press(choice));
      return made;
    };
    this.#buttons = { ship: button('ship'), skip: button('skip') };
    const said = make('div', 'said', this.root);
    this.#closed = make('p', 'closed', said);
    this.#status = make('p', 'status', said, { role: 'status' });
    this.draw();
  }

  /** Begins to ask the server. */
  follow(): void {
    this.#unwatch ??= this.#server.watch(this.tool, () => this.draw());
  }

  leave(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    clearInterval(this.#countdown);
  }

  /** Casts `choice`, or withdraws with `null`. */
  async cast(choice: Choice | null): Promise<void> {
    const [server, tool] = [this.#server, this.tool];
    if (server.isPending(tool) || !this.#tell('beforevote', { tool, choice })) return;
    this.#announce(undefined);
    try {
      await server.cast(tool, choice);
      const tally = server.tally(tool);
      this.#announce(this.#outcome(choice, tally));
      this.#tell('vote', { tool, choice: server.choice(tool), tally });
    } catch (cause) {
      const refusal = cause instanceof Refusal ? cause : new Refusal('failed');
      if (refusal.code === 'rate-limited') this.#countDown(refusal.wait || 1);
      else this.#announce(this.#voice.say(REASONS[refusal.code] ?? 'failed'));
      this.#tell('voteerror', { tool, code: refusal.code, status: refusal.status, retryAfter: refusal.wait });
    }
  }

  #press(choice: Choice): Promise<void> {
    return this.cast(this.#server.choice(this.tool) === choice ? null : choice);
  }

  #announce(said: Said | undefined): void {
    clearInterval(this.#countdown);
    this.#status.ariaLive = 'polite';
    show(this.#status, said);
  }

  /** Says how long to wait; the seconds that pass are shown and not spoken, and at the end the words go. */
  #countDown(seconds: number): void {
    const end = performance.now() + seconds * 1000;
    this.#announce(this.#voice.say('slow', { n: seconds }));
    this.#countdown = setInterval(() => {
      const left = Math.ceil((end - performance.now()) / 1000);
      if (left <= 0) return this.#announce(undefined);
      this.#status.ariaLive = 'off';
      show(this.#status, this.#voice.say('slow', { n: left }));
    }, 1000);
  }

  #outcome(choice: Choice | null, tally: Tally | undefined): Said {
    const voice = this.#voice;
    const done = voice.say(choice === 'ship' ? 'votedShip' : choice ? 'votedSkip' : 'withdrawn');
    if (!tally) return done;
    const { percent, votes } = tally.community;
    const more = percent === null
      ? voice.say('early', { n: votes })
      : voice.say('outcome', { percent: voice.percent(percent), votes: voice.say('votes', { n: votes }).text });
    return { ...done, text: `${done.text} ${more.text}` };
  }

  draw(voice = this.#voice): void {
    this.#voice = voice;
    const [server, tool, name] = [this.#server, this.tool, this.#name];
    const tally = server.tally(tool);
    put(this.#title, name);
    const label = voice.say('vote', { name });
    this.#group.setAttribute('aria-label', label.text);
    this.#group.lang = label.lang;
    if (server.checking && server.isPending(tool)) this.#announce(voice.say('wait'));
    this.#drawPanel(tally?.panel);
    this.#drawCommunity(tally?.community);
    this.#drawVote(tally?.state);
    if (tally && !server.isPending(tool) && tally.version !== this.#told) {
      this.#told = tally.version;
      this.#tell('tally', tally);
    }
  }

  #drawPanel(panel: Tally['panel'] | undefined): void {
    const voice = this.#voice;
    const notes = panel
      ? [voice.say('split', { ship: panel.ship, n: panel.ship + panel.skip })]
      : panel === null ? [voice.say('noPanel')] : [];
    this.#panel.show(voice.say('panel'), voice.percent(panel?.percent), notes);
    this.#panel.mark('fill', 0, panel?.percent ?? 0);
  }

  #drawCommunity(community: Tally['community'] | undefined): void {
    const voice = this.#voice;
    const interval = community?.interval;
    const [low, high] = interval ?? [0, 0];
    const notes = community ? [voice.say('votes', { n: community.votes })] : [];
    if (interval) notes.push(voice.say('likely', { low: voice.percent(low), high: voice.percent(high) }));
    else if (community) notes.push(voice.say(community.votes ? 'few' : 'none'));
    this.#community.show(voice.say('community'), voice.percent(community?.percent), notes);
    this.#community.mark('span', low, high);
    this.#community.mark('fill', 0, community?.percent ?? 0);
  }

  #drawVote(state: Tally['state'] | undefined): void {
    const [voice, server, tool] = [this.#voice, this.#server, this.tool];
    const closed = server.isMissing(tool) ? 'unknown' : state === 'frozen' || state === 'archived' ? state : undefined;
    const unknown = state ? undefined : server.unreachable ? 'unreachable' : 'loading';
    const why = closed ?? unknown;
    show(this.#closed, why && voice.say(why));
    const own = server.choice(tool);
    for (const choice of ['ship', 'skip'] as const) {
      const button = this.#buttons[choice];
      const pressed = own === choice;
      show(button, voice.say(choice));
      button.disabled = !!closed;
      button.title = pressed ? voice.say('again').text : '';
      button.setAttribute('aria-pressed', String(pressed));
      // Not `disabled` while a vote is on its way: that would take the focus away.
      button.setAttribute('aria-disabled', String(!!closed || server.isPending(tool)));
    }
  }
}
