// The element's attributes, for the type files in `frameworks/`.

export interface ShipVoteAttributes {
  /** The tool's slug. */
  tool: string;
  /** The tool's name; without it the slug is made readable. */
  label?: string | undefined;
  /** The slug of a second tool, side by side. */
  compare?: string | undefined;
  'compare-label'?: string | undefined;
  /** The voting server's address; without it, the one of `setServer`. */
  server?: string | undefined;
  /** The same as `server`. */
  src?: string | undefined;
  theme?: 'light' | 'dark' | 'auto' | undefined;
  /** The language of words and numbers. */
  lang?: string | undefined;
  /** JSON: this element's own words. */
  strings?: string | undefined;
}
