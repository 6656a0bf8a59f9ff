// A site with everything that its log can state: votes, changes, withdrawals, claims, resets, undos, periods, imports, held
// votes, erasures and renames. Each checkpoint on the way is kept.
import { createHmac, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { generous, startServer } from '../browser/server.mjs';

const TOOLS = ['codestral-2', 'cursor-background-agents', 'ollama', 'udio'];
const secret = randomBytes(32);
const environment = {
  ...generous,
  TALLYSHIP_ABUSE__HOLD: 'on',
  TALLYSHIP_HTTP__TRUSTED_PROXIES: '127.0.0.1',
  TALLYSHIP_IDENTITY__JWT_ALGORITHM: 'HS256',
  TALLYSHIP_IDENTITY__JWT_ISSUER: 'https://site.example',
  TALLYSHIP_IDENTITY__JWT_AUDIENCE: 'votes',
  TALLYSHIP_IDENTITY__JWT_KEYS: `a:${secret.toString('base64')}`,
};

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The site's word for one of its users. */
function user(sub) {
  const claims = { iss: 'https://site.example', aud: 'votes', sub, exp: Math.floor(Date.now() / 1000) + 3600 };
  const text = `${part({ alg: 'HS256', typ: 'JWT', kid: 'a' })}.${part(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

export class Site {
  /** `cosigner` is the name of the witness that is to cosign each checkpoint; `prepare` is called as `startServer` calls it. */
  static async start({ settings, cosigner, prepare }) {
    const site = Object.assign(new Site(), { cosigner });
    site.server = await startServer({ ...environment, ...settings }, prepare);
    site.moderator = (await site.server.run('token', 'create', '--role', 'moderator', '--name', 'a judge')).trim();
    site.checkpoints = [];
    site.networks = 0;
    return site;
  }

  stop() {
    return this.server.stop();
  }

  /** Fails on any answer but a 2xx. */
  async call(method, address, token, body, headers = {}) {
    const answer = await fetch(this.server.url + address, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${address} was answered ${answer.status}: ${text}`);
    return text && JSON.parse(text);
  }

  /** Each voter comes from a network of their own, unless one is given. */
  cast(voter, tool, choice, network) {
    this.networks += 1;
    const own = `198.${18 + (this.networks >> 16)}.${(this.networks >> 8) & 255}.${this.networks & 255}`;
    const body = { choice, seal: randomBytes(32).toString('base64url') };
    return this.call('PUT', `/v1/tools/${tool}/vote`, voter, body, { 'x-forwarded-for': network ?? own });
  }

  moderate(method, address, body) {
    return this.call(method, `/v1/moderation${address}`, this.moderator, body);
  }

  async mint(count) {
    return (await this.server.run('visitors', 'mint', '--count', String(count))).trim().split('\n');
  }

  async read(address) {
    const answer = await fetch(this.server.url + address);
    if (!answer.ok) throw new Error(`${address} was answered ${answer.status}: ${await answer.text()}`);
    return Buffer.from(await answer.arrayBuffer());
  }

  /** Waits until the log has this answer's vote, and so all that came before it. */
  async recorded({ receipt }) {
    const began = Date.now();
    const isStated = async () => (await fetch(`${this.server.url}/v1/log/ballots/${receipt.ballot}`)).ok;
    while (!(await isStated()) || !(await this.look())) {
      if (Date.now() - began > 60_000) throw new Error('the log does not have the vote');
      await new Promise((resolve) => { setTimeout(resolve, 100); });
    }
  }

  /** Keeps the newest checkpoint; false if there is none, or a witness is to cosign it and has not. */
  async look() {
    const answer = await fetch(`${this.server.url}/log/checkpoint`);
    const text = await answer.text();
    if (!answer.ok || (this.cosigner && !text.includes(`\n— ${this.cosigner} `))) return false;
    if (this.checkpoints.at(-1) !== text) this.checkpoints.push(text);
    return true;
  }

  /** The acts, with `count` voters. */
  async act(count) {
    const voters = await this.mint(count);
    for (let from = 0; from < count; from += 100) {
      await Promise.all(voters.slice(from, from + 100).map((voter, at) => this.cast(voter, TOOLS[at % 4], at % 3 ? 'ship' : 'skip')));
      await this.look();
    }
    const [late, later, last, brief] = await this.mint(4);
    await this.recorded(await this.cast(late, TOOLS[0], 'ship'));
    const [first, second, third, fourth] = TOOLS;
    const crowd = await this.mint(90);
    for (const voter of crowd.slice(0, 45)) await this.cast(voter, third, 'ship', '203.0.113.7');
    for (const voter of crowd.slice(45)) await this.cast(voter, fourth, 'skip', '203.0.113.9');
    for (const voter of voters.slice(0, 8)) await this.cast(voter, first, 'skip');
    for (const voter of voters.slice(1, 5)) await this.call('DELETE', `/v1/tools/${second}/vote`, voter);
    await this.cast(brief, first, 'ship');
    await this.call('DELETE', `/v1/tools/${first}/vote`, brief);
    const claim = await this.call('GET', `/v1/tools/${third}/vote`, user('one'), null, { cookie: `tallyship-visitor=${voters[2]}` });
    if (claim.vote.choice === null) throw new Error('the visitor’s vote did not become the user’s');
    writeFileSync(path.join(this.server.folder, 'votes.csv'), `tool,voter,choice,cast_at\n${first},a,ship,2024-01-01T00:00:00Z\n`);
    await this.server.run('import', 'votes', 'votes.csv');
    await this.recorded(await this.cast(later, first, 'skip'));
    const reason = 'an act';
    const reset = await this.moderate('POST', '/resets', { tool: first, choice: 'ship', reason });
    await this.moderate('POST', '/resets', { tool: second, choice: 'skip', reason });
    const span = { from: '2020-01-01T00:00:00Z', to: '2099-01-01T00:00:00Z', reason };
    const period = await this.moderate('POST', '/periods', { tool: second, ...span });
    await this.moderate('POST', '/periods', { tool: fourth, ...span });
    await this.moderate('POST', `/resets/${reset.id}/undo`);
    await this.moderate('DELETE', `/periods/${period.id}`);
    await this.moderate('POST', '/held/release', { tool: third, reason });
    await this.moderate('POST', '/held/reject', { tool: fourth, reason });
    await this.call('DELETE', '/v1/visitors/me', voters[3]);
    for (const voter of voters.slice(4, 8)) await this.cast(voter, first, 'ship');
    // There and back, so that others find the tool under its slug.
    for (const [slug, next] of [[second, 'renamed'], ['renamed', second]]) {
      await this.call('POST', `/v1/tools/${slug}/rename`, this.moderator, { slug: next });
      await this.recorded(await this.cast((await this.mint(1))[0], next, 'ship'));
    }
    await this.recorded(await this.cast(last, first, 'ship'));
  }
}
