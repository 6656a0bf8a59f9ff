// One tool inside an element: its figures, its two buttons, and what became of a vote in words.
// `element` makes it. It is drawn once and then only changed, so that focus and screen readers stay where they are.

import type { Refusal, Server } from './server.js';
import type { Choice, Tally } from './tally.js';
import { put, show, type Said, type Voice, type Words } from './words.js';

/** What a card tells the page. */
export type Tell = (name: 'beforevote' | 'vote' | 'voteerror' | 'tally', detail: object) => boolean;

/** The part of a refusal's code that names its text; any other has that of `failed`. */
const REASON = /archived|frozen|late|offline|unknown/;
/** Refusals that the second script explains: a server that gives them can be reached. */
const EXPLAINED = /banned|challenge|limited|refused/;

const CHOICES = ['ship', 'skip'] as const;

/** An element whose class and parts are `names`. */
export function make(tag: string, names: string, parent?: Node, attributes: Record<string, string> = {}): HTMLElement {
  const element = document.createElement(tag);
  element.className = names;
  for (const [name, value] of Object.entries({ part: names, ...attributes })) element.setAttribute(name, value);
  parent?.appendChild(element);
  return element;
}

/** One column of figures: a function that shows them. */
function column(list: HTMLElement, name: 'panel' | 'community') {
  const root = make('div', name, list);
  const term = make('dt', 'label', root);
  const percent = make('dd', 'percent', root);
  const bar = make('dd', 'bar', root, { 'aria-hidden': 'true' });
  const [, fill, span] = ['track', 'fill', 'span'].map((name) => make('i', name, bar));
  const notes = [make('dd', 'note', root), make('dd', 'note', root)];
  // Set through the object model: a strict content policy forbids the attribute only.
  const draw = ({ style }: HTMLElement, from: number, to: number) => {
    style.insetInlineStart = `${from}%`;
    style.inlineSize = `${to - from}%`;
  };
  return (voice: Voice, figures: Partial<Tally['community']> | null | undefined, said: Said[]) => {
    show(term, voice.say(name));
    put(percent, voice.percent(figures?.percent));
    notes.forEach((note, index) => show(note, said[index]));
    draw(fill!, 0, figures?.percent ?? 0);
    draw(span!, ...figures?.interval ?? [0, 0]);
  };
}

export interface Card {
  readonly tool: string;
  /** Begins to ask the server. */
  follow(): void;
  leave(): void;
  /** Casts `choice`, or withdraws with `null`. */
  cast(choice: Choice | null): Promise<void>;
  /** Must come first. */
  draw(voice: Voice, name: string): void;
}

export function card(server: Server, tool: string, parent: Node, tell: Tell): Card {
  let voice: Voice;
  let name: string;
  const root = make('div', 'card', parent);
  const title = make('div', 'name', root, { dir: 'auto' });
  const list = make('dl', 'figures', root);
  const showPanel = column(list, 'panel');
  const showCommunity = column(list, 'community');
  const group = make('div', 'vote', root, { role: 'group' });
  const buttons = CHOICES.map((choice) => {
    const button = make('button', choice, group, { type: 'button', part: `button ${choice}` }) as HTMLButtonElement;
    button.onclick = () => void cast(server.view(tool).choice === choice ? null : choice);
    return button;
  });
  const texts = make('div', 'said', root);
  const inLog = make('button', 'log', texts, { type: 'button' });
  inLog.onclick = () => check(true);
  const closedText = make('p', 'closed', texts);
  const status = make('p', 'status', texts, { role: 'status' });
  let unwatch: (() => void) | undefined;
  let countdown: ReturnType<typeof setInterval> | undefined;
  let toldVersion = -1;

  async function cast(choice: Choice | null): Promise<void> {
    if (server.view(tool).pending || !tell('beforevote', { tool, choice })) return;
    announce();
    try {
      await server.cast(tool, choice);
      const now = server.view(tool);
      announce(outcome(choice, now.tally));
      tell('vote', { tool, choice: now.choice, tally: now.tally });
      if (now.ballot?.receipt) check();
    } catch (cause) {
      const { code, status, wait } = cause as Refusal;
      if (EXPLAINED.test(code)) server.withLate(({ explain }) => countdown = explain(cause as Refusal, announce, voice.say)).catch(failed);
      else announce(voice.say(REASON.exec(code)?.[0] as keyof Words ?? 'failed'));
      tell('voteerror', { tool, code, status, retryAfter: wait });
    }
  }

  const failed = () => announce(voice.say('failed'));

  /** Checks the ballot's name, or also that the log has it. A vote is cast, whether or not its ballot's name could be checked. */
  const check = (looksUp?: boolean) => void server.check(tool, announce, looksUp, voice.say).catch(() => looksUp && failed());

  function announce(said?: Said, live = 'polite'): void {
    status.ariaLive = live;
    show(status, said);
    if (live === 'polite') clearInterval(countdown);
  }

  function outcome(choice: Choice | null, tally: Tally | undefined): Said {
    const done = voice.say(choice === 'ship' ? 'votedShip' : choice ? 'votedSkip' : 'withdrawn');
    if (tally) {
      const { percent, votes: n } = tally.community;
      const more = percent === null
        ? voice.say('early', { n })
        : voice.say('outcome', { percent: voice.percent(percent), votes: voice.say('votes', { n }).text });
      done.text += ` ${more.text}`;
    }
    return done;
  }

  function draw(): void {
    const { tally, choice: own, pending, missing, ballot } = server.view(tool);
    put(title, name);
    const label = voice.say('vote', { name });
    group.setAttribute('aria-label', label.text);
    group.lang = label.lang;
    if (server.checking && pending) announce(voice.say('wait'));
    const { panel, community, state } = tally ?? {} as Partial<Tally>;
    showPanel(
      voice,
      panel,
      panel ? [voice.say('split', { ship: panel.ship, n: panel.ship + panel.skip })]
        : panel === null ? [voice.say('noPanel')] : [],
    );
    showCommunity(voice, community, community ? [
      voice.say('votes', { n: community.votes }),
      community.interval
        ? voice.say('likely', { low: voice.percent(community.interval[0]), high: voice.percent(community.interval[1]) })
        : voice.say(community.votes ? 'few' : 'none'),
    ] : []);
    const closed = missing ? 'unknown' : (state === 'frozen' || state === 'archived') && state;
    const why = closed || !state && (server.silent ? 'unreachable' : 'loading');
    show(closedText, why && voice.say(why));
    buttons.forEach((button, index) => {
      const choice = CHOICES[index]!;
      const pressed = own === choice;
      show(button, voice.say(choice));
      button.disabled = !!closed;
      button.title = pressed ? voice.say('again').text : '';
      button.setAttribute('aria-pressed', `${pressed}`);
      // Not `disabled` while a vote is on its way: that would take the focus away.
      button.setAttribute('aria-disabled', `${!!closed || pending}`);
    });
    // Not below a text that goes: nothing may move.
    inLog.hidden = !(state && ballot?.receipt);
    show(inLog, voice.say('log'));
    if (tally && !pending && tally.version !== toldVersion) {
      toldVersion = tally.version;
      tell('tally', tally);
    }
  }

  return {
    tool,
    follow() {
      unwatch ??= server.watch(tool, draw);
    },
    leave() {
      unwatch?.();
      clearInterval(countdown);
    },
    cast,
    draw(spoken, named) {
      voice = spoken;
      name = named;
      draw();
    },
  };
}
