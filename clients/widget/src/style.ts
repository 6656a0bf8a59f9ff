// The look. One sheet for all elements, adopted: a page's content policy needs no exception for it.
// Nothing here has a size that depends on what a tally says, so that no page moves when one comes.

const css = `
:host{display:block;min-block-size:16.25rem;
--ink:var(--ship-vote-ink,light-dark(#1b1f24,#e8eaed));
--soft:var(--ship-vote-soft,light-dark(#565e68,#a8b0ba));
--paper:var(--ship-vote-paper,light-dark(#fff,#1c2026));
--line:var(--ship-vote-line,light-dark(#dcd9d2,#3a414b));
--ship:var(--ship-vote-ship,light-dark(#0b6b3a,#63d297));
--skip:var(--ship-vote-skip,light-dark(#a02c1d,#ff9a86));
--focus:var(--ship-vote-focus,light-dark(#0b57d0,#8ab4f8));
font:400 1rem/1.4 var(--ship-vote-font,system-ui,sans-serif);letter-spacing:normal;text-align:start;text-transform:none}
@supports not (color:light-dark(#000,#fff)){:host{--ink:#1b1f24;--soft:#565e68;--paper:#fff;--line:#dcd9d2;--ship:#0b6b3a;--skip:#a02c1d;--focus:#0b57d0}}
:host(:is(:not([tool]),[tool=''])){min-block-size:0}
:host([hidden]){display:none}
:host([theme=light]){color-scheme:light}
:host([theme=dark]){color-scheme:dark}
:host([theme=auto]){color-scheme:light dark}
.cards{display:grid;gap:.75rem;grid-template-columns:repeat(auto-fit,minmax(min(15rem,100%),1fr))}
.card{box-sizing:border-box;min-inline-size:0;display:grid;gap:.5rem;align-content:start;padding:.875rem 1rem;background:var(--paper);color:var(--ink);border:1px solid var(--line);border-radius:var(--ship-vote-radius,.75rem)}
.name{font-weight:650;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
dl{display:grid;grid-template-columns:1fr 1fr;gap:1rem;margin:0}
dl div{min-inline-size:0}
dd{margin:0}
dt,.note{font-size:.8125rem;color:var(--soft);white-space:nowrap;overflow:hidden;text-overflow:ellipsis;font-variant-numeric:tabular-nums}
.note{min-block-size:1.4em}
.percent{font-size:1.625rem;font-weight:700;line-height:1.25;font-variant-numeric:tabular-nums}
.bar{position:relative;block-size:.625rem;margin-block:.125rem .1875rem}
.bar i{position:absolute;inset-block-start:0;inset-inline-start:calc(var(--from,0)*1%);inline-size:calc((var(--to,0) - var(--from,0))*1%);block-size:.375rem;background:var(--soft);border-radius:1rem}
.bar .track{inset-inline:0;inline-size:auto;background:var(--line)}
.community .fill{background:var(--ship)}
.bar .span{inset-block-start:.5rem;block-size:2px}
.vote{display:grid;grid-template-columns:1fr 1fr;gap:.5rem}
button{position:relative;box-sizing:border-box;min-inline-size:44px;min-block-size:max(44px,2.75rem);margin:0;padding:.25rem 1.75rem;font:inherit;font-weight:600;border:2px solid;border-radius:var(--ship-vote-button-radius,.5rem);background:none;cursor:pointer;touch-action:manipulation}
.ship{color:var(--ship)}
.skip{color:var(--skip)}
button[aria-pressed=true]{color:var(--paper)}
.ship[aria-pressed=true]{background:var(--ship);border-color:var(--ship)}
.skip[aria-pressed=true]{background:var(--skip);border-color:var(--skip)}
button[aria-pressed=true]::before{content:"\\2713";content:"\\2713"/"";position:absolute;margin-inline-start:-1.35em}
button:disabled{opacity:.55;cursor:default}
button[aria-disabled=true]{cursor:progress}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
.said{min-block-size:2.8em;margin:0;font-size:.8125rem;color:var(--ink)}
.said p{margin:0}
p.card{margin:0;align-content:center;justify-items:start}
@media (hover:hover){button:not(:disabled,[aria-disabled=true]):hover{text-decoration:underline;text-underline-offset:.2em}}
@media (prefers-reduced-motion:no-preference){.bar i{transition:inline-size .4s,inset-inline-start .4s}button[aria-pressed=true]{transition:background-color .15s,color .15s}}
@media (forced-colors:active){.bar i{forced-color-adjust:none;background:CanvasText}.bar .track{background:none;outline:1px solid CanvasText}.community .fill{background:CanvasText}.ship[aria-pressed=true],.skip[aria-pressed=true]{background:Highlight;border-color:Highlight;color:HighlightText;forced-color-adjust:none}button:disabled{color:GrayText;opacity:1}}
`;

let sheet: CSSStyleSheet | undefined;

export function dress(root: ShadowRoot): void {
  try {
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
    }
    root.adoptedStyleSheets = [sheet];
  } catch {
    // Browsers before 2023 know no such sheets.
    const style = document.createElement('style');
    style.textContent = css;
    root.append(style);
  }
}
