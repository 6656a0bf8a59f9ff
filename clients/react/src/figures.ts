// The numbers of a tally as plain HTML, the same on the server and in the browser: what `<ship-vote>` shows before it is
// defined, and without JavaScript. Its markup and words are those of the server's `/fragment/{slug}.html`.

import { createElement as element, type ReactElement } from 'react';

/** The part of a tally that is shown: of `GET /v1/tools/{slug}/tally`, of `@tallyship/client` and of the widget. */
export interface TallyFigures {
  tool: string;
  version: number;
  panel?: { ship: number; skip: number; percent: number | null } | null;
  community: { votes: number; percent: number | null; interval: readonly number[] | null };
}

const WORDS = {
  en: {
    panel: 'Panel',
    score: (percent: number) => `${percent}%`,
    split: (ship: number, of: number) => `${ship} of ${of} ship`,
    noPanel: 'no verdict',
    votes: (votes: number) => (votes === 1 ? '1 vote' : `${grouped(votes, ',')} votes`),
    likely: (low: number, high: number) => `likely ${low}% to ${high}%`,
    few: 'too few for a figure',
  },
  de: {
    panel: 'Jury',
    score: (percent: number) => `${percent}\u00a0%`,
    split: (ship: number, of: number) => `${ship} von ${of} für Ship`,
    noPanel: 'kein Urteil',
    votes: (votes: number) => (votes === 1 ? '1 Stimme' : `${grouped(votes, '.')} Stimmen`),
    likely: (low: number, high: number) => `wohl ${low} bis ${high}\u00a0%`,
    few: 'noch zu wenige',
  },
};

/** Not by `Intl`: Node and a browser may have other versions of its data, and then hydration finds another text. */
const grouped = (count: number, by: string) => String(count).replace(/\B(?=(\d{3})+$)/g, by);

export function figures(tally: TallyFigures, name: string, site: string | undefined, lang: string | undefined): ReactElement {
  const language = lang?.split('-')[0]?.toLowerCase() === 'de' ? 'de' : 'en';
  const words = WORDS[language];
  const { panel, community } = tally;
  const score = (percent: number | null | undefined) => (percent == null ? '—' : words.score(percent));
  const [low, high] = community.interval ?? [];
  const sure = low === undefined || high === undefined ? words.few : words.likely(low, high);
  const title = element('bdi', { lang: '' }, name);
  const row = (term: string, value: string, note: string) => element('div', null,
    element('dt', null, term), element('dd', null, element('strong', null, value), ' ', element('span', null, note)));
  return element('div', { key: tally.tool, className: 'tallyship-figures', lang: language, dir: 'ltr', 'data-tool': tally.tool, 'data-version': tally.version },
    element('p', { className: 'tallyship-name' },
      site === undefined ? title : element('a', { href: `${site.replace(/\/+$/, '')}/tools/${tally.tool}` }, title)),
    element('dl', null,
      row(words.panel, score(panel?.percent), panel ? words.split(panel.ship, panel.ship + panel.skip) : words.noPanel),
      row('Community', score(community.percent), `${words.votes(community.votes)}, ${sure}`)));
}
