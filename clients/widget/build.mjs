// Builds dist/ and the pinned address in README.md; with --check it builds aside and says what is not up to date.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { minify } from 'terser';

const here = import.meta.dirname;
const at = (...parts) => path.join(here, ...parts);
const { version } = JSON.parse(readFileSync(at('package.json')));
const banner = `/*! Tallyship widget ${version} | MIT OR Apache-2.0 */`;

/** Names of properties that only the widget's own modules use: no names of the DOM that it needs, of JSON, or of a text. */
const INTERNAL = /^(ballot|ballots|cast|castAt|checking|cookie|draw|follow|isMissing|learn|leave|pending|reached|say|silent|to|view|watch|watchers|withLate)$/;

async function bundle(entry, format, define = {}) {
  const { outputFiles } = await build({
    entryPoints: [at('src', entry)], bundle: true, write: false, format, target: 'es2022', charset: 'utf8', legalComments: 'none', minifySyntax: true,
    external: ['./late.js'], define,
  });
  const iife = format === 'iife';
  const { code } = await minify(outputFiles[0].text, {
    module: !iife,
    toplevel: true,
    ecma: 2020,
    compress: { passes: 4, unsafe_arrows: true },
    mangle: { properties: iife && { regex: INTERNAL, builtins: true } },
    format: { preamble: banner },
  });
  return Buffer.from(code);
}

function types() {
  const folder = mkdtempSync(path.join(tmpdir(), 'widget-types-'));
  try {
    execFileSync(at('node_modules/.bin/tsc'), ['--project', at('tsconfig.json'), '--outDir', folder], { stdio: 'inherit' });
    return readdirSync(folder).sort().map((name) => [`dist/types/${name}`, readFileSync(path.join(folder, name))]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const stampOf = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);
const late = await bundle('late.ts', 'esm');
const script = await bundle('script.ts', 'iife', {
  LATE: JSON.stringify(`late-${stampOf(late)}.js`),
  INTEGRITY: JSON.stringify(`sha256-${createHash('sha256').update(late).digest('base64')}`),
});
const stamp = stampOf(script);
const integrity = `sha384-${createHash('sha384').update(script).digest('base64')}`;
const pinned = `<!-- pinned -->
\`\`\`html
<script src="https://votes.example/embed/tallyship-${stamp}.js" integrity="${integrity}" crossorigin="anonymous" defer></script>
\`\`\`
<!-- /pinned -->`;
const readme = readFileSync(at('README.md'), 'utf8').replace(/<!-- pinned -->[^]*<!-- \/pinned -->/, () => pinned);

const css = readFileSync(at('src/reserve.css'), 'utf8');
const files = new Map([
  ['dist/late.js', late],
  ['dist/index.js', await bundle('index.ts', 'esm')],
  ['dist/server.js', await bundle('pages.ts', 'esm')],
  ['dist/tallyship.css', Buffer.from(css)],
  ['dist/tallyship.js', script],
  ['README.md', Buffer.from(readme)],
  ...types(),
]);

if (process.argv.includes('--check')) {
  const stale = [...files].filter(([name, bytes]) => {
    try {
      return !readFileSync(at(name)).equals(bytes);
    } catch {
      return true;
    }
  }).map(([name]) => name);
  if (stale.length > 0) {
    console.error(`not what the source says: ${stale.join(', ')}; run "npm run build" in clients/widget`);
    process.exit(1);
  }
  console.log(`the widget is what its source says: ${gzipSync(script, { level: 9 }).length} bytes gzipped`);
} else {
  rmSync(at('dist'), { recursive: true, force: true });
  mkdirSync(at('dist/types'), { recursive: true });
  for (const [name, bytes] of files) writeFileSync(at(name), bytes);
  console.log(`built ${script.length} bytes, ${gzipSync(script, { level: 9 }).length} gzipped`);
}
