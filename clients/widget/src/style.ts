// The look. One sheet for all elements, adopted: a page's content policy needs no exception for it.
// Nothing here has a size that depends on what a tally says, so that no page moves when one comes.

/** Each colour: its name, then as it is in light and in dark. */
const COLOURS = `ink#1b1f24#e8eaed
soft#565e68#a8b0ba
paper#ffffff#1c2026
line#dcd9d2#3a414b
ship#0b6b3a#63d297
skip#a02c1d#ff9a86
focus#0b57d0#8ab4f8`;

const css = () => `:host{display:block;min-block-size:16.25rem;${
  // Browsers before 2024 know no `light-dark`, and are light.
  COLOURS.replace(/(.*)(#.*)(#.*)\n?/g, CSS.supports('color:light-dark(#fff,#fff)')
    ? '--$1:var(--ship-vote-$1,light-dark($2,$3));' : '--$1:var(--ship-vote-$1,$2);')
}font:400 1rem/1.4 var(--ship-vote-font,system-ui,sans-serif);letter-spacing:normal;text-align:start;text-transform:none}
:host(:not([tool])),:host([tool='']){min-block-size:0}
:host([hidden]){display:none}
:host([theme=light]){color-scheme:light}
:host([theme=dark]){color-scheme:dark}
:host([theme=auto]){color-scheme:light dark}
.cards,.card,dl,.vote{display:grid;gap:.5rem}
.cards{gap:.75rem;grid-template-columns:repeat(auto-fit,minmax(min(15rem,100%),1fr))}
.card{align-content:start;padding:.875rem 1rem;background:var(--paper);color:var(--ink);border:1px solid var(--line);border-radius:var(--ship-vote-radius,.75rem)}
dl div{min-inline-size:0}
dl,dd,p,button{margin:0}
dl,.vote{grid-template-columns:1fr 1fr}
dl{column-gap:1rem;font-variant-numeric:tabular-nums}
.name,dt,.note{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.name{font-weight:650}
dt,.note,.said{font-size:.8125rem}
dt,.note{color:var(--soft)}
.note{min-block-size:1.4em}
.percent{font-size:1.625rem;font-weight:700;line-height:1.25}
.bar{position:relative;block-size:.625rem;margin-block:.125rem}
i{position:absolute;inset-block-start:0;block-size:.375rem;background:var(--soft);border-radius:1rem}
.track{inline-size:100%;background:var(--line)}
.community .fill{background:var(--ship)}
.span{inset-block-start:.5rem;block-size:2px}
.ship{--mark:var(--ship)}
.skip{--mark:var(--skip)}
button{min-block-size:max(44px,2.75rem);padding:.25rem 1.75rem;font:inherit;font-weight:600;color:var(--mark);border:2px solid var(--mark);border-radius:var(--ship-vote-button-radius,.5rem);background:none;cursor:pointer;touch-action:manipulation}
button[aria-pressed=true]{color:var(--paper);background:var(--mark)}
button[aria-pressed=true]::before{content:"\\2713";content:"\\2713"/"";position:absolute;margin-inline-start:-1.35em}
button[aria-disabled=true]{cursor:progress}
button:disabled{opacity:.55;cursor:default}
:focus-visible{outline:3px solid var(--focus)!important;outline-offset:2px}
.said{min-block-size:2.8em}
.log:not([hidden]){all:unset;float:inline-end;margin-inline-start:1em;color:var(--soft);text-decoration:underline;cursor:pointer}
@media (hover:hover){button:not([aria-disabled=true]):hover{text-decoration:underline}}
@media (prefers-reduced-motion:no-preference){i{transition:.4s}button[aria-pressed=true]{transition:.15s}}
@media (forced-colors:active){i,button[aria-pressed=true]{forced-color-adjust:none}i{--soft:CanvasText;--ship:CanvasText}.track{--line:none;outline:1px solid CanvasText}button[aria-pressed=true]{--mark:Highlight;--paper:HighlightText}button:disabled{opacity:1}}
`;

let sheet: CSSStyleSheet | undefined;

export function dress(root: ShadowRoot): void {
  try {
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(css());
    }
    root.adoptedStyleSheets = [sheet];
  } catch {
    // Browsers before 2023 know no such sheets.
    root.appendChild(document.createElement('style')).textContent = css();
  }
}
