// `<ship-vote tool="slug">`: panel and community of one tool, or of two side by side, with a vote.
// Pages write it; `index` and `script` define it. It asks for nothing before it is about to be seen.

import { Card, type Tell } from './card.js';
import { Server, SLUG } from './server.js';
import { dress } from './style.js';
import type { Choice, Tally } from './tally.js';
import { learn, show, Voice, type Words } from './words.js';

/** Near enough to the window to be loaded. */
const NEAR = '300px';

let ownServer = '/';

function withSlash(url: URL): string {
  return url.origin + url.pathname.replace(/\/*$/, '/');
}

/** `cursor-background-agents` as a name, where the page gives none. */
function asName(slug: string): string {
  return slug.replace(/(^|-)(.)/g, (_, dash: string, letter: string) => (dash && ' ') + letter.toUpperCase());
}

// Servers that render pages import this too, and know no elements.
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

const living = new Set<ShipVote>();

export class ShipVote extends Base {
  static readonly observedAttributes = ['tool', 'compare', 'label', 'compare-label', 'server', 'src', 'lang', 'strings'];

  /** Adds a language, or changes some of its texts, for all elements. */
  static words(lang: string, words: Partial<Words>): void {
    learn(lang, words);
    living.forEach((element) => element.#redraw());
  }

  /** The server of elements that name none: an address below which `/v1` and `/embed` are. Resolved by the page that shows them. */
  static server(address: string): void {
    ownServer = address;
    living.forEach((element) => element.#build());
  }

  #cards: Card[] = [];
  #observer: IntersectionObserver | undefined;
  #near = false;
  #building = false;

  get tool(): string {
    return this.getAttribute('tool')?.trim() ?? '';
  }

  set tool(slug: string) {
    this.setAttribute('tool', slug);
  }

  get compare(): string {
    return this.getAttribute('compare')?.trim() ?? '';
  }

  set compare(slug: string) {
    this.setAttribute('compare', slug);
  }

  /** The newest tally of the tool, once there is one. */
  get tally(): Tally | undefined {
    return this.tool ? this.#reached().tally(this.tool) : undefined;
  }

  /** The visitor's own vote on the tool. */
  get choice(): Choice | null {
    return this.tool ? this.#reached().choice(this.tool) : null;
  }

  /** Votes as a press of the button does; `null` withdraws. Ends once the server has answered. */
  async vote(choice: Choice | null, tool = this.tool): Promise<void> {
    await this.#cards.find((card) => card.tool === tool)?.cast(choice);
  }

  connectedCallback(): void {
    living.add(this);
    this.#near ||= !('IntersectionObserver' in globalThis);
    this.#build();
    if (this.#near) return;
    this.#observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) this.#come();
      },
      { rootMargin: NEAR },
    );
    this.#observer.observe(this);
  }

  disconnectedCallback(): void {
    living.delete(this);
    this.#observer?.disconnect();
    this.#cards.forEach((card) => card.leave());
    this.#cards = [];
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (!this.isConnected || !this.shadowRoot || before === after) return;
    if (name === 'lang' || name === 'strings') return this.#redraw();
    // A framework sets several attributes in a row.
    if (this.#building) return;
    this.#building = true;
    queueMicrotask(() => {
      this.#building = false;
      if (this.isConnected) this.#build();
    });
  }

  #come(): void {
    this.#observer?.disconnect();
    this.#near = true;
    this.#cards.forEach((card) => card.follow());
  }

  #reached(): Server {
    const named = this.getAttribute('server') || this.getAttribute('src') || ownServer;
    let base = `${location.origin}/`;
    try {
      base = withSlash(new URL(named, document.baseURI));
    } catch {
      console.warn(`ship-vote: ${JSON.stringify(named)} is not the address of a server`, this);
    }
    const server = Server.at(base);
    server.cookie ||= this.hasAttribute('known');
    return server;
  }

  #voice(): Voice {
    const lang = this.closest('[lang]')?.getAttribute('lang') || document.documentElement.lang || navigator.language;
    let own: Partial<Words> | undefined;
    try {
      own = JSON.parse(this.getAttribute('strings') || '{}');
    } catch {
      console.warn('ship-vote: the attribute "strings" is no JSON', this);
    }
    return new Voice(lang, own);
  }

  #redraw(): void {
    const voice = this.#voice();
    this.#cards.forEach((card) => card.draw(voice));
  }

  #build(): void {
    let root = this.shadowRoot;
    if (!root) {
      root = this.attachShadow({ mode: 'open' });
      dress(root);
    }
    this.#cards.forEach((card) => card.leave());
    const voice = this.#voice();
    const tell: Tell = (name, detail) =>
      this.dispatchEvent(
        new CustomEvent(name, { detail, bubbles: name !== 'tally', composed: name !== 'tally', cancelable: name === 'beforevote' }),
      );
    const { tool, compare } = this;
    const asked: [string, string | null][] = SLUG.test(tool) ? [[tool, this.getAttribute('label')]] : [];
    if (asked.length && SLUG.test(compare) && compare !== tool) asked.push([compare, this.getAttribute('compare-label')]);
    this.#cards = asked.map(
      ([slug, label]) => new Card(this.#reached(), slug, label || asName(slug), voice, tell),
    );
    root.querySelector('.cards')?.remove();
    const cards = document.createElement('div');
    cards.className = 'cards';
    cards.append(...this.#cards.map((card) => card.root));
    if (!asked.length) cards.append(this.#complaint(voice));
    root.append(cards);
    if (this.#near) this.#come();
  }

  /** What stands in the place of a card if there is no tool to show. */
  #complaint(voice: Voice): HTMLElement {
    console.warn(`ship-vote: the attribute "tool" is ${this.tool ? `no slug: ${JSON.stringify(this.tool)}` : 'missing'}`, this);
    const card = document.createElement('p');
    card.className = 'card closed';
    card.setAttribute('part', 'card closed');
    show(card, voice.say('noTool'));
    return card;
  }
}

/** {@link ShipVote.server}, by a shorter name. */
export function setServer(address: string): void {
  ShipVote.server(address);
}

/** Makes `<ship-vote>` known to the page, once; another copy of this script changes nothing. */
export function define(): void {
  if ('customElements' in globalThis && !customElements.get('ship-vote')) customElements.define('ship-vote', ShipVote);
}
