// One tool inside an element: its figures, its two buttons, and what became of a vote in words.
// `element` makes it. It is drawn once and then only changed, so that focus and screen readers stay where they are.

import { Refusal, type Server } from './server.js';
import type { Choice, Tally } from './tally.js';
import type { Voice, Words } from './words.js';

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
  private readonly term: HTMLElement;
  private readonly percent: HTMLElement;
  private readonly bar: HTMLElement;
  private readonly notes: HTMLElement[];

  constructor(list: HTMLElement, name: string, marks: string[]) {
    const column = make('div', name, list);
    this.term = make('dt', 'label', column);
    this.percent = make('dd', 'percent', column);
    this.bar = make('dd', 'bar', column, { 'aria-hidden': 'true' });
    for (const mark of marks) make('i', mark, this.bar);
    this.notes = [make('dd', 'note', column), make('dd', 'note', column)];
  }

  show(term: string, percent: string, notes: string[]): void {
    put(this.term, term);
    put(this.percent, percent);
    this.notes.forEach((note, index) => put(note, notes[index] ?? ''));
  }

  mark(name: string, from: number, to: number): void {
    // Set through the object model: a strict content policy forbids the attribute only.
    const style = this.bar.querySelector<HTMLElement>(`.${name}`)?.style;
    style?.setProperty('--from', String(from));
    style?.setProperty('--to', String(to));
  }
}

function put(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export class Card {
  readonly root = make('div', 'card');
  private readonly title: HTMLElement;
  private readonly panel: Column;
  private readonly community: Column;
  private readonly group: HTMLElement;
  private readonly buttons: Record<Choice, HTMLButtonElement>;
  private readonly closed: HTMLElement;
  private readonly status: HTMLElement;
  private unwatch: (() => void) | undefined;
  private told = -1;

  constructor(
    private readonly server: Server,
    readonly tool: string,
    private readonly name: string,
    private voice: Voice,
    private readonly tell: Tell,
  ) {
    this.title = make('div', 'name', this.root, { dir: 'auto' });
    const list = make('dl', 'figures', this.root);
    this.panel = new Column(list, 'panel', ['track', 'fill']);
    this.community = new Column(list, 'community', ['track', 'fill', 'span']);
    this.group = make('div', 'vote', this.root, { role: 'group' });
    const button = (choice: Choice) => {
      const made = make('button', choice, this.group, { type: 'button', part: `button ${choice}` });
      made.addEventListener('click', () => void this.press(choice));
      return made;
    };
    this.buttons = { ship: button('ship'), skip: button('skip') };
    const said = make('div', 'said', this.root);
    this.closed = make('p', 'closed', said);
    this.status = make('p', 'status', said, { role: 'status' });
    this.draw();
  }

  /** Begins to ask the server. */
  follow(): void {
    this.unwatch ??= this.server.watch(this.tool, () => this.draw());
  }

  leave(): void {
    this.unwatch?.();
    this.unwatch = undefined;
  }

  /** Casts `choice`, or withdraws with `null`. */
  async cast(choice: Choice | null): Promise<void> {
    const { server, tool } = this;
    if (server.isPending(tool) || !this.tell('beforevote', { tool, choice })) return;
    put(this.status, '');
    try {
      await server.cast(tool, choice);
      const tally = server.tally(tool);
      put(this.status, this.outcome(choice, tally));
      this.tell('vote', { tool, choice: server.choice(tool), tally });
    } catch (cause) {
      const refusal = cause instanceof Refusal ? cause : new Refusal('failed');
      put(this.status, this.reason(refusal));
      this.tell('voteerror', { tool, code: refusal.code, status: refusal.status, retryAfter: refusal.wait });
    }
  }

  private press(choice: Choice): Promise<void> {
    return this.cast(this.server.choice(this.tool) === choice ? null : choice);
  }

  private outcome(choice: Choice | null, tally: Tally | undefined): string {
    const { voice } = this;
    const done = voice.say(choice === 'ship' ? 'votedShip' : choice ? 'votedSkip' : 'withdrawn');
    if (!tally) return done;
    const { percent, votes } = tally.community;
    if (percent === null) return `${done} ${voice.say('early', { n: votes })}`;
    return `${done} ${voice.say('outcome', { percent: voice.percent(percent), votes: voice.say('votes', { n: votes }) })}`;
  }

  private reason(refusal: Refusal): string {
    if (refusal.code === 'rate-limited') return this.voice.say('slow', { n: refusal.wait || 1 });
    return this.voice.say(REASONS[refusal.code] ?? 'failed');
  }

  draw(voice = this.voice): void {
    this.voice = voice;
    const { server, tool, name } = this;
    const tally = server.tally(tool);
    put(this.title, name);
    this.group.setAttribute('aria-label', voice.say('vote', { name }));
    if (server.checking && server.isPending(tool)) put(this.status, voice.say('wait'));
    this.drawPanel(tally?.panel);
    this.drawCommunity(tally?.community);
    this.drawVote(tally?.state);
    if (tally && !server.isPending(tool) && tally.version !== this.told) {
      this.told = tally.version;
      this.tell('tally', tally);
    }
  }

  private drawPanel(panel: Tally['panel'] | undefined): void {
    const { voice } = this;
    const notes = panel
      ? [voice.say('split', { ship: panel.ship, n: panel.ship + panel.skip })]
      : panel === null ? [voice.say('noPanel')] : [];
    this.panel.show(voice.say('panel'), voice.percent(panel?.percent), notes);
    this.panel.mark('fill', 0, panel?.percent ?? 0);
  }

  private drawCommunity(community: Tally['community'] | undefined): void {
    const { voice } = this;
    const interval = community?.interval;
    const [low, high] = interval ?? [0, 0];
    const notes = community ? [voice.say('votes', { n: community.votes })] : [];
    if (interval) notes.push(voice.say('likely', { low: voice.percent(low), high: voice.percent(high) }));
    else if (community?.votes) notes.push(voice.say('few'));
    this.community.show(voice.say('community'), voice.percent(community?.percent), notes);
    this.community.mark('span', low, high);
    this.community.mark('fill', 0, community?.percent ?? 0);
  }

  private drawVote(state: Tally['state'] | undefined): void {
    const { voice, server, tool } = this;
    const closed = server.isMissing(tool) ? 'unknown' : state === 'frozen' || state === 'archived' ? state : undefined;
    put(this.closed, closed ? voice.say(closed) : '');
    const own = server.choice(tool);
    for (const choice of ['ship', 'skip'] as const) {
      const button = this.buttons[choice];
      const pressed = own === choice;
      put(button, voice.say(choice));
      button.disabled = !!closed;
      button.title = pressed ? voice.say('again') : '';
      button.setAttribute('aria-pressed', String(pressed));
      // Not `disabled` while a vote is on its way: that would take the focus away.
      button.setAttribute('aria-disabled', String(!!closed || server.isPending(tool)));
    }
  }
}
