// What third parties make of the server for agents: the protocol's own conformance suite over HTTP, and its client over
// standard input.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { generous, root, startServer } from './server.mjs';

const TOOL = 'codestral-2';
// The others call tools, resources and prompts that a server has for the suite alone, or want it to write.
const SCENARIOS = ['server-initialize', 'ping', 'tools-list', 'resources-list', 'dns-rebinding-protection'];
let server;

before(async () => {
  server = await startServer(generous);
  await server.crowd(TOOL, 6, 2);
});

after(() => server?.stop());

for (const scenario of SCENARIOS) {
  test(`conformance: ${scenario}`, async () => {
    const suite = path.join(import.meta.dirname, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');
    const { stdout } = await promisify(execFile)(process.execPath, [suite, 'server', '--url', `${server.url}/mcp`, '--scenario', scenario]);
    assert.match(stdout, /Passed: (\d+)\/\1, 0 failed, 0 warnings/);
  });
}

/** The tools of a server, and the tally that it answers with. */
async function asked(transport) {
  const client = new Client({ name: 'a test', version: '1' });
  await client.connect(transport);
  const { tools } = await client.listTools();
  const { structuredContent } = await client.callTool({ name: 'get_tally', arguments: { tool: TOOL } });
  const { resources } = await client.listResources();
  const { contents } = await client.readResource({ uri: `tallyship://tools/${TOOL}` });
  await client.close();
  return { tools: tools.map((tool) => tool.name), tally: structuredContent, resources: resources.length, resource: JSON.parse(contents[0].text) };
}

test('the same is answered over HTTP and over standard input', async () => {
  const tally = await (await fetch(`${server.url}/v1/tools/${TOOL}/tally`)).json();
  const http = await asked(new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`)));
  assert.deepEqual(http.tally, tally);
  assert.deepEqual(http.resource.tally, tally);
  const command = path.resolve(root, process.env.TALLYSHIP_BIN ?? 'target/debug/tallyship');
  const stdio = new StdioClientTransport({ command, args: ['mcp'], cwd: server.folder, env: { PATH: process.env.PATH }, stderr: 'inherit' });
  assert.deepEqual(await asked(stdio), http);
});
