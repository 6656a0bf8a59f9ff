'use client';
// `<ShipVote>`: the element in React. On the server it renders the numbers of a tally inside `<ship-vote>`; in the browser
// the element draws over them in a shadow root. React owns the children and the element never touches them, so hydration
// finds what the server sent.

import { createElement, useEffect, useRef, type ReactElement, type ReactNode } from 'react';
import type { BeforeVote, Choice, ShipVote as ShipVoteElement, Tally, Voted, VoteError, Words } from '@tallyship/widget';
import { figures, type TallyFigures } from './figures.js';

export type { BeforeVote, Choice, ShipVoteElement, Tally, TallyFigures, Voted, VoteError, Words };

export interface ShipVoteProps {
  /** The tool's slug. */
  tool: string;
  /** Its name as your page writes it. */
  label?: string;
  /** A second tool, side by side. */
  compare?: string;
  compareLabel?: string;
  /** The voting server's address, such as `https://votes.example`; without it, the one of the widget's `setServer`. */
  server?: string;
  theme?: 'light' | 'dark' | 'auto';
  /** The language of words and numbers; without it, the page's, and English in the server's HTML. */
  lang?: string;
  /** This element's own words. */
  strings?: Partial<Words>;
  /** Read on the server: its numbers stand in the HTML. */
  tally?: TallyFigures | undefined;
  /** The same of `compare`. */
  compareTally?: TallyFigures | undefined;
  /** Shown without a tally until the element is defined. */
  children?: ReactNode;
  className?: string;
  /** Before a vote is sent; `event.preventDefault()` stops it. */
  onBeforeVote?: (event: CustomEvent<BeforeVote>) => void;
  /** The server has the vote on disk. */
  onVote?: (event: CustomEvent<Voted>) => void;
  onVoteError?: (event: CustomEvent<VoteError>) => void;
  /** There is a newer tally. */
  onTally?: (event: CustomEvent<Tally>) => void;
}

export function ShipVote(props: ShipVoteProps): ReactElement {
  const { tool, label, compare, compareLabel, server, theme, lang, strings, tally, compareTally, children, className } = props;
  const root = useRef<ShipVoteElement>(null);
  const newest = useRef(props);
  // React 19 sets properties: an element that had a second tool cannot lose it, so another takes its place.
  const key = String(compare !== undefined);
  useEffect(() => {
    newest.current = props;
  });
  useEffect(() => {
    // Not on the server, and not before the page is hydrated.
    void import('@tallyship/widget').catch((cause: unknown) => console.error('ship-vote: the widget could not be loaded', cause));
    const element = root.current;
    const listeners = {
      beforevote: (event: CustomEvent<BeforeVote>) => newest.current.onBeforeVote?.(event),
      vote: (event: CustomEvent<Voted>) => newest.current.onVote?.(event),
      voteerror: (event: CustomEvent<VoteError>) => newest.current.onVoteError?.(event),
      tally: (event: CustomEvent<Tally>) => newest.current.onTally?.(event),
    };
    // React 18 knows no listeners of a custom element's events.
    const entries = Object.entries(listeners) as [string, EventListener][];
    entries.forEach(([name, listener]) => element?.addEventListener(name, listener));
    return () => entries.forEach(([name, listener]) => element?.removeEventListener(name, listener));
  }, [key]);
  const named = (slug: string, name: string | undefined) => name ?? slug.replace(/-/g, ' ').replace(/\b./g, (letter) => letter.toUpperCase());
  const shown = [
    tally && figures(tally, named(tool, label), server, lang),
    compare !== undefined && compareTally && figures(compareTally, named(compare, compareLabel), server, lang),
  ].filter(Boolean);
  return createElement('ship-vote', {
    key,
    ref: root,
    class: className,
    tool,
    label,
    compare,
    'compare-label': compareLabel,
    server,
    theme,
    lang,
    strings: strings && JSON.stringify(strings),
  }, shown.length > 0 ? shown : children);
}
