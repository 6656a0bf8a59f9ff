// A tool's votes for the moderators' tests: thousands that came by themselves over nine days, and a ring's among them.
//
// They are imported while no server runs. What an import does not know, networks and the age of tokens, is put in by SQL.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { root } from './server.mjs';

export const TOOL = 'codestral-2';
export const ORGANIC = 3_000;
export const RING = 800;
export const NETWORKS = 4;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The ring begins in the night of yesterday, while networks are known still, at twelve past the hour; it lasts ten minutes. */
const began = Math.floor((Date.now() - DAY) / DAY) * DAY + 3 * HOUR + 12 * 60_000;
export const ring = { from: began, to: began + 10 * 60_000 };

// The same numbers in each run: an LCG (Numerical Recipes), 0 to 1.
let state = 20261125;
/** Midnight: the same hours of the day have the same votes, whenever the tests run. */
const until = Math.floor(Date.now() / DAY) * DAY;
const chance = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};

function organic(n) {
  // More by day than by night; a little more ship than skip.
  let at;
  do {
    at = until - Math.floor(chance() * 9 * DAY);
  } while (chance() > 0.35 + 0.65 * Math.sin((((at % DAY) / DAY) * Math.PI)) ** 2);
  return {
    voter: `organic-${n}`, at, choice: chance() < 0.56 ? 'ship' : 'skip', network: `home ${Math.floor(chance() * 2_400)}`,
    age: chance() < 0.08 ? 120 : 900 + Math.floor(chance() * 40 * 86_400),
  };
}

const member = (n) => ({
  voter: `ring-${n}`, at: began + Math.floor((n / RING) * 10 * 60_000), choice: 'ship', network: `ring ${n % NETWORKS}`,
  age: 5 + Math.floor(chance() * 200),
});

/** All of them, in no order. */
export const votes = [
  ...Array.from({ length: ORGANIC }, (_, n) => organic(n)),
  ...Array.from({ length: RING }, (_, n) => member(n)),
];

export const shipOf = (some) => some.filter((vote) => vote.choice === 'ship').length;
export const percent = (some) => `${Math.round((100 * shipOf(some)) / some.length)}%`;
/** What a window of this tool holds, in milliseconds, without its end. */
export const within = (from, to) => votes.filter((vote) => vote.at >= from && vote.at < to);

const SQL = `
import csv, hashlib, sqlite3
db = sqlite3.connect('data/tallyship.db')
ids = {name: id for id, name in db.execute('SELECT id, name FROM voters')}
for row in csv.DictReader(open('networks.csv')):
    network = hashlib.sha256(row['network'].encode()).digest()[:16]
    done = db.execute('UPDATE votes SET network = ?, token_age = ? WHERE voter = ?', (network, int(row['age']), ids[row['voter']]))
    assert done.rowcount == 1, row
db.commit()
`;

/** For `startServer`. */
export async function prepare({ folder, run }) {
  const file = (name, head, row) =>
    writeFileSync(path.join(folder, name), `${head}\n${votes.map(row).join('\n')}\n`);
  file('votes.csv', 'tool,voter,choice,cast_at', (vote) => `${TOOL},${vote.voter},${vote.choice},${new Date(vote.at).toISOString()}`);
  file('networks.csv', 'voter,network,age', (vote) => `${vote.voter},${vote.network},${vote.age}`);
  await run('migrate');
  await run('catalog', 'import', path.join(root, 'config/catalog.toml'));
  await run('import', 'votes', 'votes.csv');
  await promisify(execFile)('python3', ['-c', SQL], { cwd: folder });
}
