// Debian's nginx and Apache with Debian's own configuration, and the site that docs/deploying.md prints for each.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { root } from './server.mjs';

const [document, embedding] = ['deploying', 'embedding'].map((name) => readFileSync(path.join(root, `docs/${name}.md`), 'utf8'));
/** What Debian's package enables when it is installed, by its postinst. */
const APACHE_MODULES = ['mpm_event', 'authz_host', 'auth_basic', 'access_compat', 'authn_file', 'authz_user', 'alias', 'dir', 'autoindex',
  'env', 'mime', 'negotiation', 'setenvif', 'filter', 'deflate', 'status', 'reqtimeout'];
const APACHE_CONFIGURATIONS = ['charset', 'localized-error-pages', 'other-vhosts-access-log', 'security', 'serve-cgi-bin'];

/** The first block in `language` of `text`, in which each text in `own` is there, and is replaced by its own. */
function printed(text, language, own) {
  const block = text.match(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``))[1];
  return replaced(block, own);
}

function replaced(text, own) {
  return Object.entries(own).reduce((now, [written, ours]) => {
    if (!now.includes(written)) throw new Error(`no ${written} in: ${now}`);
    return now.replaceAll(written, ours);
  }, text);
}

/** The settings that the document prints for both. */
export function settings(url) {
  const block = document.slice(document.indexOf('## Behind nginx or Apache')).match(/```sh\n([^]*?)```/)[1];
  return Object.fromEntries(replaced(block, { 'https://site.example/votes': url }).trim().split('\n').map((line) => line.split('=')));
}

const packages = () => execFileSync(path.join(root, 'tests/tools/proxies'), { encoding: 'utf8' }).trim();

/** Each writes its files into `folder`, and gives the program that serves them in the foreground. */
const prepare = {
  nginx(folder, site) {
    const debian = packages();
    cpSync(path.join(debian, 'etc/nginx'), folder, { recursive: true });
    for (const inner of ['conf.d', 'sites-enabled', 'modules-enabled']) mkdirSync(path.join(folder, inner), { recursive: true });
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
    const main = replaced(readFileSync(path.join(folder, 'nginx.conf'), 'utf8'), {
      'user www-data;': `user ${userInfo().username};`,
      '/run/nginx.pid': `${folder}/nginx.pid`,
      '/var/log/nginx': folder,
      '/etc/nginx': folder,
      'http {': `http { ${temporary}`,
    });
    writeFileSync(path.join(folder, 'nginx.conf'), main);
    writeFileSync(path.join(folder, 'conf.d/site.example.conf'), printed(document, 'nginx', {
      'listen 443': `listen 127.0.0.1:${site.port}`,
      '127.0.0.1:8080': new URL(site.upstream).host,
      '/etc/ssl/site.example.pem': site.cert,
      '/etc/ssl/site.example.key': site.key,
    }));
    // Another site, whose pages include the numbers.
    const includes = printed(embedding, 'nginx', { 'https://votes.example/': `${site.upstream}/` });
    writeFileSync(path.join(folder, 'conf.d/pages.conf'), `server { listen 127.0.0.1:${site.including}; root ${site.pages}; ${includes} }\n`);
    const log = path.join(folder, 'error.log');
    return { command: path.join(debian, 'usr/sbin/nginx'), words: ['-c', path.join(folder, 'nginx.conf'), '-g', 'daemon off;', '-e', log], log };
  },
  apache(folder, site) {
    const debian = packages();
    cpSync(path.join(debian, 'etc/apache2'), folder, { recursive: true });
    for (const inner of ['sites-enabled', 'state', 'run']) mkdirSync(path.join(folder, inner), { recursive: true });
    writeFileSync(path.join(folder, 'ports.conf'), `Listen 127.0.0.1:${site.port}\n`);
    writeFileSync(path.join(folder, 'sites-available/site.example.conf'), printed(document, 'apache', {
      '*:443': `*:${site.port}`,
      '127.0.0.1:8080': new URL(site.upstream).host,
      '/etc/ssl/site.example.pem': site.cert,
      '/etc/ssl/site.example.key': site.key,
    }));
    const { username } = userInfo();
    const env = {
      PATH: process.env.PATH, APACHE_CONFDIR: folder, APACHE_STATE_DIRECTORY: path.join(folder, 'state'),
      // Apache refuses to be root.
      APACHE_RUN_USER: username === 'root' ? 'nobody' : username, APACHE_RUN_GROUP: username === 'root' ? 'nogroup' : username,
      APACHE_RUN_DIR: path.join(folder, 'run'), APACHE_LOCK_DIR: path.join(folder, 'run'), APACHE_PID_FILE: path.join(folder, 'run/pid'), APACHE_LOG_DIR: folder,
    };
    const enable = (command, ...names) => execFileSync(path.join(debian, 'usr/sbin', command), ['-q', ...names], { env, stdio: 'pipe' });
    enable('a2enmod', ...APACHE_MODULES);
    enable('a2enconf', ...APACHE_CONFIGURATIONS);
    // What the document says to enable.
    for (const [, command, names] of document.matchAll(/^sudo (a2en\w+) (.*)$/gm)) enable(command, ...names.split(' '));
    return { command: '/usr/sbin/apache2', words: ['-d', folder, '-f', path.join(folder, 'apache2.conf'), '-DFOREGROUND'], env, log: path.join(folder, 'error.log') };
  },
};
export const PROXIES = Object.keys(prepare);

/** Starts `name` on `site.port` for `site.upstream`, with files in `folder`. */
export async function startProxy(name, folder, site) {
  mkdirSync(folder);
  const { command, words, env, log } = prepare[name](folder, site);
  const child = spawn(command, words, { env: env ?? { PATH: process.env.PATH }, stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = new Promise((resolve) => { child.on('exit', resolve); });
  const said = () => (existsSync(log) ? readFileSync(log, 'utf8') : '');
  return {
    said,
    ends: () => child.exitCode !== null,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
