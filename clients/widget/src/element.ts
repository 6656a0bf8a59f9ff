// `<ship-vote tool="slug">`: panel and community of one tool, or of two side by side, with a vote.
// Pages write it; `index` and `script` define it. It asks for nothing before it is about to be seen.

import { card, make, type Card, type Tell } from './card.js';
import { Server, SLUG } from './server.js';
import { dress } from './style.js';
import type { Choice, Tally } from './tally.js';
import { learn, show, voice, type Voice, type Words } from './words.js';

/** Near enough to the window to be loaded. */
const NEAR = '300px';

let ownServer = '/';

/** `cursor-background-agents` as a name, where the page gives none. */
const asName = (slug: string) => slug.replace(/-/g, ' ').replace(/\b./g, (letter) => letter.toUpperCase());

// Servers that render pages import this too, and know no elements.
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

const living = new Set<ShipVote>();

const warn = (element: Element, name: string, what: string) => console.warn(`ship-vote: the attribute "${name}" is ${what}`, element);

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
  #observer = new IntersectionObserver(
    (entries) => {
      if (entries.some((entry) => entry.isIntersecting)) this.#follow();
    },
    { rootMargin: NEAR },
  );
  #near = false;
  #building = false;

  #attribute(name: string): string {
    return this.getAttribute(name)?.trim() ?? '';
  }

  get tool(): string {
    return this.#attribute('tool');
  }

  set tool(slug: string) {
    this.setAttribute('tool', slug);
  }

  get compare(): string {
    return this.#attribute('compare');
  }

  set compare(slug: string) {
    this.setAttribute('compare', slug);
  }

  /** The newest tally of the tool, once there is one. */
  get tally(): Tally | undefined {
    return this.#server().view(this.tool).tally;
  }

  /** The visitor's own vote on the tool. */
  get choice(): Choice | null {
    return this.#server().view(this.tool).choice ?? null;
  }

  /** Votes as a press of the button does; `null` withdraws. Ends once the server has answered. */
  async vote(choice: Choice | null, tool = this.tool): Promise<void> {
    await this.#cards.find((card) => card.tool === tool)?.cast(choice);
  }

  connectedCallback(): void {
    living.add(this);
    this.#build();
    if (!this.#near) this.#observer.observe(this);
  }

  disconnectedCallback(): void {
    living.delete(this);
    this.#observer.disconnect();
    this.#leave();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (!this.isConnected || !this.shadowRoot || before === after) return;
    // A card that is only redrawn keeps the focus.
    if (/lang|label|strings/.test(name)) return this.#redraw();
    // A framework sets several attributes in a row.
    if (this.#building) return;
    this.#building = true;
    queueMicrotask(() => {
      this.#building = false;
      if (this.isConnected) this.#build();
    });
  }

  /** Near enough to be seen: the cards ask the server. */
  #follow(): void {
    this.#observer.disconnect();
    this.#near = true;
    this.#cards.forEach((card) => card.follow());
  }

  #leave(): void {
    this.#cards.forEach((card) => card.leave());
    this.#cards = [];
  }

  #server(): Server {
    const named = this.#attribute('server') || this.#attribute('src') || ownServer;
    let base = `${location.origin}/`;
    try {
      base = new URL(named.replace(/\/*$/, '/'), document.baseURI).href;
    } catch {
      warn(this, 'server', `no address: "${named}"`);
    }
    const server = Server.at(base);
    server.cookie ||= this.hasAttribute('known');
    return server;
  }

  #voice(): Voice {
    const lang = this.closest('[lang]')?.getAttribute('lang') || document.documentElement.lang || navigator.language;
    let own: Partial<Words> | undefined;
    try {
      own = JSON.parse(this.#attribute('strings') || '{}');
    } catch {
      warn(this, 'strings', 'no JSON');
    }
    return voice(lang, own);
  }

  #redraw(): void {
    const voice = this.#voice();
    this.#cards.forEach((card, index) => card.draw(voice, this.#attribute(index ? 'compare-label' : 'label') || asName(card.tool)));
  }

  #build(): void {
    const { tool, compare } = this;
    let root = this.shadowRoot;
    if (!root) dress((root = this.attachShadow({ mode: 'open' })));
    this.#leave();
    root.querySelector('.cards')?.remove();
    const cards = make('div', 'cards', root);
    const tell: Tell = (name, detail) => {
      const bubbles = name !== 'tally';
      return this.dispatchEvent(new CustomEvent(name, { detail, bubbles, composed: bubbles, cancelable: name === 'beforevote' }));
    };
    if (SLUG.test(tool)) {
      this.#cards = [...new Set([tool, compare])].filter((slug) => SLUG.test(slug)).map((slug) => card(this.#server(), slug, cards, tell));
    } else {
      warn(this, 'tool', tool ? `no slug: "${tool}"` : 'missing');
      show(make('p', 'card closed', cards), this.#voice().say('noTool'));
    }
    this.#redraw();
    if (this.#near) this.#follow();
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
